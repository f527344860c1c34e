-- SPDX-License-Identifier: Apache-2.0
-- The journal: one story per area, (area, seq) dense. Services add events and read them; nobody changes or removes one
-- but purge(), which raises the area's floor.
CREATE SCHEMA journal AUTHORIZATION genxi_owner;
SET LOCAL ROLE genxi_owner;

-- The row that a transaction takes last before its commit, so that order of seq is order of commit.
CREATE TABLE journal.counter (
    area int PRIMARY KEY,
    seq bigint NOT NULL,             -- of the newest event
    floor bigint NOT NULL DEFAULT 0  -- events up to it were purged
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

CREATE TABLE journal.event (
    area int NOT NULL,
    seq bigint NOT NULL,
    id uuid NOT NULL,
    type int NOT NULL,
    at bigint NOT NULL,
    service text NOT NULL,
    subject uuid,
    audience bytea NOT NULL, -- genxi.Audience
    exercise boolean NOT NULL,
    traceparent text NOT NULL,
    actor bytea NOT NULL,    -- genxi.Actor
    body bytea NOT NULL,
    PRIMARY KEY (area, seq)
);
CREATE INDEX event_id ON journal.event (id);
CREATE INDEX event_subject ON journal.event (subject, at) WHERE subject IS NOT NULL;

-- How far each service has followed an area. Moves in the transaction of the effect.
CREATE TABLE journal.cursor (
    service text NOT NULL,
    area int NOT NULL,
    seq bigint NOT NULL,
    PRIMARY KEY (service, area)
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);

-- Followers alive, for fair shares of the areas.
CREATE TABLE journal.follower (
    service text NOT NULL,
    id uuid NOT NULL,
    seen_at timestamptz NOT NULL,
    PRIMARY KEY (service, id)
) WITH (fillfactor = 20);

-- Events that a service could not handle however often it tried; a person looks at them.
CREATE TABLE journal.poison (
    service text NOT NULL,
    area int NOT NULL,
    seq bigint NOT NULL,
    reason text NOT NULL,
    at bigint NOT NULL,
    PRIMARY KEY (service, area, seq)
);

-- Moves a cursor from one place to another, or raises GX001: then somebody else has the area.
CREATE FUNCTION journal.move(p_service text, p_area int, p_from bigint, p_to bigint) RETURNS void
    LANGUAGE plpgsql SET search_path = pg_catalog
    AS $$
BEGIN
    UPDATE journal.cursor SET seq = p_to WHERE service = p_service AND area = p_area AND seq = p_from;
    IF NOT FOUND THEN
        RAISE EXCEPTION 'the cursor of % in % is not at %', p_service, p_area, p_from USING ERRCODE = 'GX001';
    END IF;
END
$$;

-- Removes events of an area older than a time, as far as every follower has them; returns the new floor.
CREATE FUNCTION journal.purge(p_area int, p_before_at bigint) RETURNS bigint
    LANGUAGE plpgsql SET search_path = pg_catalog
    AS $$
DECLARE
    limit_seq bigint;
    slowest bigint;
BEGIN
    SELECT max(seq) INTO limit_seq FROM journal.event WHERE area = p_area AND at < p_before_at;
    SELECT min(seq) INTO slowest FROM journal.cursor WHERE area = p_area;
    limit_seq := least(limit_seq, slowest);
    IF limit_seq IS NOT NULL THEN
        -- No event newer than the time lies below: order of seq is order of commit, not of begin, so look again.
        SELECT least(limit_seq, min(seq) - 1) INTO limit_seq FROM journal.event
            WHERE area = p_area AND seq <= limit_seq AND at >= p_before_at;
        UPDATE journal.counter SET floor = limit_seq WHERE area = p_area AND floor < limit_seq;
        DELETE FROM journal.event WHERE area = p_area AND seq <= limit_seq;
    END IF;
    RETURN (SELECT floor FROM journal.counter WHERE area = p_area);
END
$$;
REVOKE EXECUTE ON FUNCTION journal.purge(int, bigint) FROM PUBLIC;

GRANT USAGE ON SCHEMA journal TO genxi_service;
GRANT SELECT, INSERT ON journal.event TO genxi_service;
GRANT SELECT, INSERT ON journal.counter TO genxi_service;
GRANT UPDATE (seq) ON journal.counter TO genxi_service;
GRANT SELECT, INSERT, UPDATE ON journal.cursor TO genxi_service;
GRANT SELECT, INSERT, UPDATE, DELETE ON journal.follower TO genxi_service;
GRANT SELECT, INSERT ON journal.poison TO genxi_service;
RESET ROLE;
