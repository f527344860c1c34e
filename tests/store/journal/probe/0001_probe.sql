-- SPDX-License-Identifier: Apache-2.0
-- What the tests' own service keeps: an effect an event (n counts how often it happened), and rows under row-level security.
SELECT genxi.service_schema('probe');

CREATE TABLE probe.effect (area int, seq bigint, n int NOT NULL, PRIMARY KEY (area, seq));
CREATE TABLE probe.closed (id uuid, n int NOT NULL);
CREATE TABLE probe.fired (kind text, subject uuid, n int, due_at bigint, late_ms bigint);
CREATE TABLE probe.pair (id int PRIMARY KEY, n int NOT NULL);
INSERT INTO probe.pair VALUES (1, 0), (2, 0);

CREATE TABLE probe.secret (area int, org uuid, responder uuid, text text NOT NULL);
ALTER TABLE probe.secret ENABLE ROW LEVEL SECURITY;
CREATE POLICY seen ON probe.secret USING (genxi.is_system() OR genxi.officer_of(area) OR org = genxi.actor_org()
    OR responder = genxi.actor_responder());
INSERT INTO probe.secret VALUES
    (53011201, '00000000-0000-7000-8000-000000000001', '00000000-0000-7000-8000-0000000000a1', 'one'),
    (53011202, '00000000-0000-7000-8000-000000000002', '00000000-0000-7000-8000-0000000000a2', 'two');
