-- SPDX-License-Identifier: Apache-2.0
-- The registry: stations, organisations, sites, responders, shifts, instructor teams.
SELECT genxi.service_schema('readiness');

CREATE TABLE readiness.partner (
    id uuid PRIMARY KEY,
    area int NOT NULL,
    code text UNIQUE,
    name text NOT NULL,
    name_en text,
    kind smallint NOT NULL,   -- genxi.OrgKind
    state smallint NOT NULL,  -- genxi.OrgState
    signed_at bigint,         -- NULL: no agreement
    ends_at bigint CHECK (ends_at > signed_at),
    contract_areas int[] NOT NULL DEFAULT '{}',
    off_site boolean NOT NULL DEFAULT false,
    contact_names text[] NOT NULL DEFAULT '{}',
    contact_phones text[] NOT NULL DEFAULT '{}',
    contact_tested bigint[] NOT NULL DEFAULT '{}', -- 0: never
    exercise boolean NOT NULL DEFAULT false,
    updated_at bigint NOT NULL DEFAULT genxi.now_ms()
);
CREATE INDEX partner_area ON readiness.partner (area, id);

CREATE TABLE readiness.station (
    area int PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES readiness.partner (id),
    name text NOT NULL,
    name_en text,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    ring double precision[] NOT NULL DEFAULT '{}', -- lon, lat, lon, lat, ...
    updated_at bigint NOT NULL DEFAULT genxi.now_ms()
);

CREATE TABLE readiness.site (
    id uuid PRIMARY KEY,
    partner_id uuid NOT NULL REFERENCES readiness.partner (id),
    area int NOT NULL,
    code text,
    name text NOT NULL,
    kind text NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    needs int[] NOT NULL DEFAULT '{}', -- force, count, within, from, until; five numbers a need
    access text,
    radius_m double precision NOT NULL DEFAULT 150,
    updated_at bigint NOT NULL DEFAULT genxi.now_ms(),
    UNIQUE (partner_id, code)
);
CREATE INDEX site_area ON readiness.site (area, id);

CREATE TABLE readiness.responder (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES readiness.partner (id),
    area int NOT NULL,
    code text,
    force smallint NOT NULL,  -- genxi.Force
    guard_kind smallint CHECK ((guard_kind IS NOT NULL) = (force = 2)),
    call_sign text NOT NULL,
    site_id uuid REFERENCES readiness.site (id),
    skill_codes text[] NOT NULL DEFAULT '{}',
    skill_until bigint[] NOT NULL DEFAULT '{}',
    off_site_consent boolean NOT NULL DEFAULT false,
    insured_until_at bigint,
    phone text,               -- sealed: shown to the person and the own organisation only
    crew int NOT NULL DEFAULT 1,
    active boolean NOT NULL DEFAULT true,
    updated_at bigint NOT NULL DEFAULT genxi.now_ms(),
    UNIQUE (org_id, code)
);
CREATE INDEX responder_area ON readiness.responder (area, id);
CREATE INDEX responder_site ON readiness.responder (site_id);

CREATE TABLE readiness.shift (
    id uuid PRIMARY KEY,
    responder_id uuid NOT NULL REFERENCES readiness.responder (id),
    org_id uuid NOT NULL REFERENCES readiness.partner (id),
    area int NOT NULL,
    from_at bigint NOT NULL,
    until_at bigint NOT NULL,
    state smallint NOT NULL,  -- genxi.ShiftState
    updated_at bigint NOT NULL DEFAULT genxi.now_ms(),
    CHECK (from_at < until_at AND until_at - from_at <= 86400000)
);
CREATE UNIQUE INDEX shift_of ON readiness.shift (responder_id, from_at) WHERE state <> 3;
CREATE INDEX shift_responder ON readiness.shift (responder_id, from_at);
CREATE INDEX shift_area ON readiness.shift (area, id);

CREATE TABLE readiness.team (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL REFERENCES readiness.partner (id),
    area int NOT NULL,
    code text,
    name text NOT NULL,
    subjects text[] NOT NULL DEFAULT '{}',
    responder_ids uuid[] NOT NULL DEFAULT '{}',
    updated_at bigint NOT NULL DEFAULT genxi.now_ms(),
    UNIQUE (org_id, code)
);
CREATE INDEX team_area ON readiness.team (area, id);

-- Who may see a row, who may change it. Bits as in base/roles.h: admin 2, duty 4, desk 128.
CREATE FUNCTION readiness.may_see(area int, org uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT genxi.is_system() OR genxi.has_role(2) OR genxi.officer_of(area) OR org = genxi.actor_org() $$;
CREATE FUNCTION readiness.may_put(area int, org uuid) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        SELECT genxi.is_system() OR genxi.has_role(2) OR (genxi.has_role(4) AND genxi.officer_of(area))
            OR (genxi.has_role(128) AND org = genxi.actor_org())
    $$;

ALTER TABLE readiness.partner ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON readiness.partner FOR SELECT USING (readiness.may_see(area, id));
CREATE POLICY put ON readiness.partner FOR ALL
    USING (genxi.is_system() OR genxi.has_role(2) OR (genxi.has_role(4) AND genxi.officer_of(area)))
    WITH CHECK (genxi.is_system() OR genxi.has_role(2) OR (genxi.has_role(4) AND genxi.officer_of(area)));

-- Stations and their territories are public; only the operator changes them.
ALTER TABLE readiness.station ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON readiness.station FOR SELECT USING (true);
CREATE POLICY put ON readiness.station FOR ALL
    USING (genxi.is_system() OR genxi.has_role(2)) WITH CHECK (genxi.is_system() OR genxi.has_role(2));

ALTER TABLE readiness.site ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON readiness.site FOR SELECT USING (readiness.may_see(area, partner_id));
CREATE POLICY put ON readiness.site FOR ALL
    USING (readiness.may_put(area, partner_id)) WITH CHECK (readiness.may_put(area, partner_id));

ALTER TABLE readiness.responder ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON readiness.responder FOR SELECT
    USING (genxi.is_system() OR genxi.has_role(2) OR genxi.officer_of(area)
           OR (genxi.has_role(128) AND org_id = genxi.actor_org()) OR id = genxi.actor_responder());
CREATE POLICY put ON readiness.responder FOR ALL
    USING (readiness.may_put(area, org_id)) WITH CHECK (readiness.may_put(area, org_id));

ALTER TABLE readiness.shift ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON readiness.shift FOR SELECT
    USING (genxi.is_system() OR genxi.has_role(2) OR genxi.officer_of(area)
           OR (genxi.has_role(128) AND org_id = genxi.actor_org()) OR responder_id = genxi.actor_responder());
CREATE POLICY put ON readiness.shift FOR ALL
    USING (readiness.may_put(area, org_id)) WITH CHECK (readiness.may_put(area, org_id));
-- A responder may end the own shift.
CREATE POLICY own ON readiness.shift FOR UPDATE
    USING (responder_id = genxi.actor_responder()) WITH CHECK (responder_id = genxi.actor_responder());

ALTER TABLE readiness.team ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON readiness.team FOR SELECT USING (readiness.may_see(area, org_id));
CREATE POLICY put ON readiness.team FOR ALL
    USING (readiness.may_put(area, org_id)) WITH CHECK (readiness.may_put(area, org_id));
