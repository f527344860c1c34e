-- SPDX-License-Identifier: Apache-2.0
-- The matcher: copies of the registry, open incidents with their slots, offers, assignments, holds, positions.
SELECT genxi.service_schema('matcher');

-- ---- copies of the registry, one upsert an event; changed_at is the event's time: an older one never overwrites ----
CREATE TABLE matcher.station (
    area int PRIMARY KEY,
    org_id uuid NOT NULL,
    lon float8 NOT NULL,
    lat float8 NOT NULL,
    changed_at bigint NOT NULL
);

CREATE TABLE matcher.partner (
    id uuid PRIMARY KEY,
    area int NOT NULL,
    state int NOT NULL,
    exercise boolean NOT NULL,
    has_agreement boolean NOT NULL,
    signed_at bigint NOT NULL,
    ends_at bigint NOT NULL,         -- 0: open
    off_site boolean NOT NULL,
    contract_areas int[] NOT NULL,
    changed_at bigint NOT NULL
);

CREATE TABLE matcher.site (
    id uuid PRIMARY KEY,
    partner_id uuid NOT NULL,
    area int NOT NULL,
    lon float8 NOT NULL,
    lat float8 NOT NULL,
    radius_m float8 NOT NULL,
    changed_at bigint NOT NULL
);

CREATE TABLE matcher.responder (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    area int NOT NULL,
    force int NOT NULL,
    guard_kind int NOT NULL,         -- 0: not a guard
    call_sign text NOT NULL,
    site_id uuid,
    skills text[] NOT NULL,          -- code=end of the certificate in Unix ms
    off_site_consent boolean NOT NULL,
    insured_until_at bigint NOT NULL,  -- 0: not insured
    crew int NOT NULL,
    active boolean NOT NULL,
    changed_at bigint NOT NULL
);
CREATE INDEX ON matcher.responder (area);
CREATE INDEX ON matcher.responder (org_id);

CREATE TABLE matcher.shift (
    id uuid PRIMARY KEY,
    responder_id uuid NOT NULL,
    area int NOT NULL,
    from_at bigint NOT NULL,
    until_at bigint NOT NULL,
    state int NOT NULL,
    changed_at bigint NOT NULL
);
CREATE INDEX ON matcher.shift (responder_id, until_at);

-- ---- incidents: what matching needs of them ----
CREATE TABLE matcher.incident (
    id uuid PRIMARY KEY,
    number text NOT NULL,
    area int NOT NULL,
    state int NOT NULL,
    type text NOT NULL,
    grade int NOT NULL,
    lon float8 NOT NULL,
    lat float8 NOT NULL,
    address text NOT NULL,
    site_id uuid,
    reporter_org_id uuid,
    exercise boolean NOT NULL,
    playbook bytea NOT NULL,         -- as it came: slots, rungs, cards
    version int NOT NULL,
    reported_at bigint NOT NULL,
    stage int NOT NULL DEFAULT 0,    -- 0 open, 1 no more is sent (handled), 2 over
    merged_into uuid,
    dispatched_at bigint NOT NULL DEFAULT 0,  -- first offer or self-dispatch
    filled_at bigint NOT NULL DEFAULT 0,
    first_on_scene_at bigint NOT NULL DEFAULT 0,
    first_police_at bigint NOT NULL DEFAULT 0,
    phase int NOT NULL DEFAULT 0,    -- rises when all near were asked
    spare_more int NOT NULL DEFAULT 0,  -- offers beyond need, added by the ladder
    round int NOT NULL DEFAULT 0     -- matchings done
);
CREATE INDEX ON matcher.incident (area) WHERE stage < 2;

CREATE TABLE matcher.slot (
    incident_id uuid NOT NULL REFERENCES matcher.incident,
    code text NOT NULL,
    ord int NOT NULL,
    force int NOT NULL,
    count int NOT NULL,
    skills text[] NOT NULL,
    within_minutes int NOT NULL,
    crew_min int NOT NULL,
    missing_told int NOT NULL DEFAULT 0,  -- of the last slot.unfilled
    PRIMARY KEY (incident_id, code)
);

-- One row a responder that is spoken for: by an open offer or an active assignment. The primary key is what keeps two
-- incidents from ever owning one person.
CREATE TABLE matcher.hold (
    responder_id uuid PRIMARY KEY,
    kind int NOT NULL,               -- 1 offer, 2 assignment
    incident_id uuid NOT NULL,
    ref uuid NOT NULL                -- the offer or assignment
);

CREATE TABLE matcher.rest (
    responder_id uuid PRIMARY KEY,
    until_at bigint NOT NULL
);

CREATE TABLE matcher.offer (
    id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES matcher.incident,
    area int NOT NULL,
    home_area int NOT NULL,
    responder_id uuid NOT NULL,
    org_id uuid NOT NULL,
    force int NOT NULL,
    slot text NOT NULL,
    state int NOT NULL,
    made_at bigint NOT NULL,
    expires_at bigint NOT NULL,
    ended_at bigint NOT NULL DEFAULT 0,
    ended_by text,
    phase int NOT NULL,
    body bytea NOT NULL              -- the offer as it was made
);
CREATE INDEX ON matcher.offer (incident_id);
CREATE INDEX ON matcher.offer (org_id, made_at DESC);
CREATE INDEX ON matcher.offer (responder_id, made_at DESC);
CREATE UNIQUE INDEX offer_one_open ON matcher.offer (responder_id) WHERE state = 1;

CREATE TABLE matcher.assignment (
    id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES matcher.incident,
    area int NOT NULL,
    home_area int NOT NULL,
    responder_id uuid NOT NULL,
    org_id uuid NOT NULL,
    force int NOT NULL,
    slot text NOT NULL,              -- "extra": beyond the playbook's places
    state int NOT NULL,
    accepted_at bigint NOT NULL,
    en_route_at bigint NOT NULL DEFAULT 0,
    on_scene_at bigint NOT NULL DEFAULT 0,
    done_at bigint NOT NULL DEFAULT 0,
    arrived_by_position_at bigint NOT NULL DEFAULT 0,
    offer_id uuid,
    self_dispatched boolean NOT NULL,
    exercise boolean NOT NULL,
    call_sign text NOT NULL
);
CREATE INDEX ON matcher.assignment (incident_id);
CREATE INDEX ON matcher.assignment (org_id, accepted_at DESC);
CREATE INDEX ON matcher.assignment (responder_id, accepted_at DESC);
CREATE UNIQUE INDEX assignment_one_active ON matcher.assignment (responder_id) WHERE state IN (1, 2, 3);

CREATE TABLE matcher.reason (
    incident_id uuid NOT NULL,
    slot text NOT NULL,
    round int NOT NULL,
    area int NOT NULL,
    at bigint NOT NULL,
    body bytea NOT NULL,             -- packed Proposal: the ranking with its verdicts
    PRIMARY KEY (incident_id, slot, round)
);

CREATE TABLE matcher.rung (
    incident_id uuid NOT NULL,
    minute int NOT NULL,
    area int NOT NULL,
    at bigint NOT NULL,
    met boolean NOT NULL,
    step_up text NOT NULL,
    overdue boolean NOT NULL,
    PRIMARY KEY (incident_id, minute)
);

-- Last fix of each responder, written in batches: what matching falls back on when Redis is away.
CREATE TABLE matcher.position (
    responder_id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    area int NOT NULL,
    force int NOT NULL,
    lon float8 NOT NULL,
    lat float8 NOT NULL,
    at bigint NOT NULL
) WITH (fillfactor = 70);
CREATE INDEX ON matcher.position (force, lat);

-- Thinned tracks of open shifts and accepted tasks only, purged after their term.
CREATE TABLE matcher.track (
    responder_id uuid NOT NULL,
    at bigint NOT NULL,
    org_id uuid NOT NULL,
    area int NOT NULL,
    lon float8 NOT NULL,
    lat float8 NOT NULL,
    PRIMARY KEY (responder_id, at)
);
CREATE INDEX ON matcher.track (at);

-- ---- who may see which row ----
-- Desks (128) and linked parties (512) see their organisation's people; a device itself only.
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['station', 'partner', 'site', 'responder', 'shift', 'incident', 'slot', 'hold', 'rest', 'offer',
                             'assignment', 'reason', 'rung', 'position', 'track'] LOOP
        EXECUTE format('ALTER TABLE matcher.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON matcher.%I USING (genxi.is_system())', t || '_system', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['responder', 'position', 'track'] LOOP
        EXECUTE format('CREATE POLICY %I ON matcher.%I FOR SELECT USING (genxi.officer_of(area)'
                       ' OR (org_id = genxi.actor_org() AND genxi.has_role(640)) OR %I = genxi.actor_responder())',
                       t || '_read', t, CASE t WHEN 'responder' THEN 'id' ELSE 'responder_id' END);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['offer', 'assignment'] LOOP
        EXECUTE format('CREATE POLICY %I ON matcher.%I FOR SELECT USING (genxi.officer_of(area) OR genxi.officer_of(home_area)'
                       ' OR (org_id = genxi.actor_org() AND genxi.has_role(640)) OR responder_id = genxi.actor_responder())',
                       t || '_read', t);
    END LOOP;
    FOREACH t IN ARRAY ARRAY['reason', 'rung'] LOOP
        EXECUTE format('CREATE POLICY %I ON matcher.%I FOR SELECT USING (genxi.officer_of(area))', t || '_read', t);
    END LOOP;
END $$;

CREATE POLICY site_read ON matcher.site FOR SELECT USING (genxi.officer_of(area) OR (partner_id = genxi.actor_org() AND genxi.has_role(640)));

CREATE POLICY shift_read ON matcher.shift FOR SELECT
    USING (genxi.officer_of(area) OR EXISTS (SELECT FROM matcher.responder r WHERE r.id = responder_id));

-- A partner knows the incidents that it reported, that happen on its sites, or that its people were asked to.
CREATE POLICY incident_read ON matcher.incident FOR SELECT
    USING (genxi.officer_of(area) OR (reporter_org_id = genxi.actor_org() AND genxi.has_role(640))
           OR EXISTS (SELECT FROM matcher.offer o WHERE o.incident_id = incident.id)
           OR EXISTS (SELECT FROM matcher.assignment a WHERE a.incident_id = incident.id)
           OR EXISTS (SELECT FROM matcher.site s WHERE s.id = incident.site_id));
CREATE POLICY slot_read ON matcher.slot FOR SELECT
    USING (EXISTS (SELECT FROM matcher.incident i WHERE i.id = incident_id));
