-- SPDX-License-Identifier: Apache-2.0
-- Reports, incidents, playbooks, follow-ups, facts. Numbers of states, links, forces and kinds are those of proto/*.proto.
SELECT genxi.service_schema('intake');

-- Bumped by triggers whenever something changes that worker threads keep in memory (stations, playbooks, linked parties).
CREATE TABLE intake.catalog (one boolean PRIMARY KEY DEFAULT true CHECK (one), generation bigint NOT NULL);
INSERT INTO intake.catalog (generation) VALUES (1);
CREATE FUNCTION intake.catalog_bump() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE intake.catalog SET generation = generation + 1;
    RETURN NULL;
END $$;

-- What an incident type needs, as data: the newest active version that passes the checks of playbook.c is used.
-- A definition is the JSON form of message Playbook without code and version. An editor adds rows, never changes one.
CREATE TABLE intake.playbook (
    code text NOT NULL CHECK (code ~ '^[a-z][a-z0-9_]{1,63}$'),
    version integer NOT NULL CHECK (version > 0),
    active boolean NOT NULL DEFAULT true,
    definition jsonb NOT NULL,
    note text,
    PRIMARY KEY (code, version)
);
CREATE TRIGGER playbook_bump AFTER INSERT OR UPDATE OR DELETE ON intake.playbook
    FOR EACH STATEMENT EXECUTE FUNCTION intake.catalog_bump();

-- Own copies of the registry: only what a report needs.
CREATE TABLE intake.station (
    area integer PRIMARY KEY,
    org_id uuid NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    ring double precision[] NOT NULL
);
CREATE TRIGGER station_bump AFTER INSERT OR UPDATE OR DELETE ON intake.station
    FOR EACH STATEMENT EXECUTE FUNCTION intake.catalog_bump();

CREATE TABLE intake.partner (
    id uuid PRIMARY KEY,
    kind integer NOT NULL,
    area integer NOT NULL,
    active boolean NOT NULL,
    exercise boolean NOT NULL
);
CREATE INDEX partner_kind ON intake.partner (kind);
-- Thousands of partners come and go; only the kinds that can be linked parties are kept in memory.
CREATE FUNCTION intake.partner_bump() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.kind IN (1, 6, 9, 10, 11, 12, 13) THEN
        UPDATE intake.catalog SET generation = generation + 1;
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER partner_bump AFTER INSERT OR UPDATE ON intake.partner
    FOR EACH ROW EXECUTE FUNCTION intake.partner_bump();

CREATE TABLE intake.site (
    id uuid PRIMARY KEY,
    partner_id uuid NOT NULL,
    area integer NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL
);

CREATE TABLE intake.responder (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    area integer NOT NULL,
    force integer NOT NULL,
    active boolean NOT NULL
);

-- The last six digits of an incident's number; with the day in front they do not repeat within a million incidents.
CREATE SEQUENCE intake.number_seq MINVALUE 1 MAXVALUE 999999 CYCLE;

CREATE TABLE intake.incident (
    id uuid PRIMARY KEY,
    number text NOT NULL UNIQUE,
    area integer NOT NULL,
    state integer NOT NULL,
    type text NOT NULL,
    initial_type text NOT NULL,
    grade integer NOT NULL CHECK (grade BETWEEN 1 AND 4),
    initial_grade integer NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    initial_lon double precision NOT NULL,
    initial_lat double precision NOT NULL,
    address text,
    initial_address text,
    site_id uuid,
    exercise boolean NOT NULL,
    playbook_version integer NOT NULL,
    report_count integer NOT NULL,
    merged_into uuid REFERENCES intake.incident,
    commander_id uuid,
    commander_force integer,
    disposition text,
    reasons text[] NOT NULL DEFAULT '{}',
    flags text[] NOT NULL,
    version integer NOT NULL,
    reporter_org_id uuid,
    first_report_at bigint NOT NULL,
    last_report_at bigint NOT NULL,
    reported_at bigint NOT NULL,
    answered_at bigint,
    intake_done_at bigint,
    dispatched_at bigint,
    delivered_at bigint,
    acknowledged_at bigint,
    en_route_at bigint,
    on_scene_at bigint,
    handled_at bigint,
    fed_back_at bigint,
    closed_at bigint
);
CREATE INDEX incident_area ON intake.incident (area, id);
CREATE INDEX incident_reported ON intake.incident (reported_at);
-- States 1 to 7 are open.
CREATE INDEX incident_open ON intake.incident (area, id) WHERE state <= 7;
CREATE INDEX incident_open_place ON intake.incident (lat, lon) WHERE state <= 7;

-- Which organisation may see an incident, and why: reporter, site, linked, team.
CREATE TABLE intake.incident_org (
    org_id uuid NOT NULL,
    incident_id uuid NOT NULL REFERENCES intake.incident,
    why text NOT NULL CHECK (why IN ('reporter', 'site', 'linked', 'team')),
    area integer NOT NULL,
    PRIMARY KEY (org_id, incident_id, why)
);
CREATE INDEX incident_org_incident ON intake.incident_org (incident_id);

-- Which responder's device may see it: the holder of an offer or assignment, or who reported. active false: no longer.
CREATE TABLE intake.incident_responder (
    responder_id uuid NOT NULL,
    incident_id uuid NOT NULL REFERENCES intake.incident,
    area integer NOT NULL,
    org_id uuid NOT NULL,
    force integer,
    assignment_state integer,
    active boolean NOT NULL,
    PRIMARY KEY (responder_id, incident_id)
);
CREATE INDEX incident_responder_incident ON intake.incident_responder (incident_id);

CREATE TABLE intake.report (
    id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES intake.incident,
    area integer NOT NULL,
    link integer NOT NULL,
    source text NOT NULL,
    org_id uuid,
    type text NOT NULL,
    lon double precision NOT NULL,
    lat double precision NOT NULL,
    crs text,
    address text,
    text text,
    grade integer,
    received_at bigint NOT NULL,
    occurred_at bigint,
    flags text[] NOT NULL,
    site_id uuid,
    external_id text
);
CREATE INDEX report_incident ON intake.report (incident_id);
CREATE INDEX report_received ON intake.report (received_at);
-- A repeat of the same report is the same report.
CREATE UNIQUE INDEX report_external ON intake.report (org_id, external_id) WHERE external_id IS NOT NULL;

-- Who reported. Sealed: in no event, no list; read one by one, with a purpose.
CREATE TABLE intake.reporter (
    report_id uuid PRIMARY KEY REFERENCES intake.report,
    area integer NOT NULL,
    name text,
    phone text,
    address text
);

-- The timeline. org_id: whose own people it is about (only that organisation and officers see it); police: officers only.
CREATE TABLE intake.entry (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES intake.incident,
    area integer NOT NULL,
    at bigint NOT NULL,
    what text NOT NULL,
    who text,
    org_id uuid,
    police boolean NOT NULL,
    text text
);
CREATE INDEX entry_incident ON intake.entry (incident_id, at);

CREATE TABLE intake.fact (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES intake.incident,
    area integer NOT NULL,
    at bigint NOT NULL,
    code text NOT NULL,
    value text NOT NULL,
    responder_id uuid,
    org_id uuid
);
CREATE INDEX fact_incident ON intake.fact (incident_id);

CREATE TABLE intake.follow_up (
    id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES intake.incident,
    area integer NOT NULL,
    text text NOT NULL,
    owner text NOT NULL,
    due_at bigint NOT NULL,
    done_at bigint,
    created_at bigint NOT NULL
);
CREATE INDEX follow_up_incident ON intake.follow_up (incident_id);

-- The event by which an offer was told, so that a device's receipt of it finds the incident.
CREATE TABLE intake.offer_event (
    event_id uuid PRIMARY KEY,
    incident_id uuid NOT NULL REFERENCES intake.incident,
    responder_id uuid NOT NULL
);

-- Row-level security. A device is not its organisation's desk: it sees what it was offered, not all that its organisation sees.
-- Writing rows for others (the linked party's right to see) is part of a partner's own report, so inserts are not bound; reading is.
CREATE FUNCTION intake.desk_org() RETURNS uuid LANGUAGE sql STABLE AS
    $$ SELECT CASE WHEN genxi.actor_responder() IS NULL THEN genxi.actor_org() END $$;

ALTER TABLE intake.incident_org ENABLE ROW LEVEL SECURITY;
CREATE POLICY insert_any ON intake.incident_org FOR INSERT WITH CHECK (true);
CREATE POLICY see ON intake.incident_org FOR SELECT
    USING (genxi.is_system() OR genxi.officer_of(area) OR org_id = intake.desk_org());
CREATE POLICY remove ON intake.incident_org FOR DELETE USING (genxi.is_system() OR genxi.officer_of(area));

ALTER TABLE intake.incident_responder ENABLE ROW LEVEL SECURITY;
CREATE POLICY insert_any ON intake.incident_responder FOR INSERT WITH CHECK (true);
CREATE POLICY see ON intake.incident_responder FOR SELECT
    USING (genxi.is_system() OR genxi.officer_of(area) OR responder_id = genxi.actor_responder() OR org_id = intake.desk_org());
CREATE POLICY change ON intake.incident_responder FOR UPDATE
    USING (genxi.is_system() OR genxi.officer_of(area) OR responder_id = genxi.actor_responder());

ALTER TABLE intake.incident ENABLE ROW LEVEL SECURITY;
CREATE POLICY insert_any ON intake.incident FOR INSERT WITH CHECK (true);
CREATE FUNCTION intake.sees(incident uuid) RETURNS boolean LANGUAGE sql STABLE AS $$
    SELECT EXISTS (SELECT FROM intake.incident_org o WHERE o.org_id = intake.desk_org() AND o.incident_id = incident)
        OR EXISTS (SELECT FROM intake.incident_responder r
                   WHERE r.responder_id = genxi.actor_responder() AND r.incident_id = incident AND r.active)
$$;
CREATE POLICY see ON intake.incident FOR SELECT USING (genxi.is_system() OR genxi.officer_of(area) OR intake.sees(id));
CREATE POLICY change ON intake.incident FOR UPDATE USING (genxi.is_system() OR genxi.officer_of(area) OR intake.sees(id));

ALTER TABLE intake.report ENABLE ROW LEVEL SECURITY;
CREATE POLICY insert_any ON intake.report FOR INSERT WITH CHECK (true);
CREATE POLICY see ON intake.report FOR SELECT
    USING (genxi.is_system() OR genxi.officer_of(area) OR (org_id = genxi.actor_org() AND intake.sees(incident_id)));
CREATE POLICY change ON intake.report FOR UPDATE USING (genxi.is_system() OR genxi.officer_of(area));

ALTER TABLE intake.reporter ENABLE ROW LEVEL SECURITY;
CREATE POLICY insert_any ON intake.reporter FOR INSERT WITH CHECK (true);
CREATE POLICY see ON intake.reporter FOR SELECT USING (genxi.is_system() OR genxi.officer_of(area));
CREATE POLICY change ON intake.reporter FOR UPDATE USING (genxi.is_system() OR genxi.officer_of(area));

ALTER TABLE intake.entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY insert_any ON intake.entry FOR INSERT WITH CHECK (true);
CREATE POLICY see ON intake.entry FOR SELECT USING (genxi.is_system() OR genxi.officer_of(area)
    OR (NOT police AND (org_id IS NULL OR org_id = genxi.actor_org()) AND intake.sees(incident_id)));
CREATE POLICY change ON intake.entry FOR UPDATE USING (genxi.is_system() OR genxi.officer_of(area));

ALTER TABLE intake.fact ENABLE ROW LEVEL SECURITY;
CREATE POLICY insert_any ON intake.fact FOR INSERT WITH CHECK (true);
CREATE POLICY see ON intake.fact FOR SELECT USING (genxi.is_system() OR genxi.officer_of(area) OR intake.sees(incident_id));
CREATE POLICY change ON intake.fact FOR UPDATE USING (genxi.is_system() OR genxi.officer_of(area));

ALTER TABLE intake.follow_up ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_officers ON intake.follow_up USING (genxi.is_system() OR genxi.officer_of(area));

ALTER TABLE intake.offer_event ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_system ON intake.offer_event USING (genxi.is_system());

ALTER TABLE intake.responder ENABLE ROW LEVEL SECURITY;
CREATE POLICY all_own ON intake.responder
    USING (genxi.is_system() OR genxi.officer_of(area) OR org_id = genxi.actor_org())
    WITH CHECK (genxi.is_system());

-- What lies behind row-level security and still must be known for one narrow purpose: run with the owner's rights.

-- Open incidents that a report might belong to, whoever reported them; locked until the transaction ends.
CREATE FUNCTION intake.merge_candidates(west double precision, south double precision, east double precision, north double precision,
                                        drill boolean)
    RETURNS SETOF intake.incident LANGUAGE sql VOLATILE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT i.* FROM intake.incident i
    WHERE i.state <= 7 AND i.lat BETWEEN south AND north AND i.lon BETWEEN west AND east AND i.exercise = drill
    ORDER BY i.id FOR UPDATE
$$;

-- Everybody an event about this incident goes to, whoever causes it.
CREATE FUNCTION intake.audience_orgs(incident uuid) RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(array_agg(DISTINCT org_id::text), '{}') FROM intake.incident_org WHERE incident_id = incident
$$;
CREATE FUNCTION intake.audience_responders(incident uuid) RETURNS text[] LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT coalesce(array_agg(responder_id::text), '{}') FROM intake.incident_responder WHERE incident_id = incident AND active
$$;

-- Figures over an area for those who may not see its incidents; small cells are suppressed by the caller.
CREATE FUNCTION intake.figures(only_areas integer[], from_ms bigint, until_ms bigint)
    RETURNS TABLE (type text, incidents bigint, reports bigint) LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT i.type, count(*), coalesce(sum(i.report_count), 0)::bigint FROM intake.incident i
    WHERE NOT i.exercise AND i.state <> 12 AND i.reported_at >= from_ms AND i.reported_at < until_ms
      AND (only_areas IS NULL OR i.area = ANY (only_areas))
    GROUP BY i.type ORDER BY count(*) DESC, i.type
$$;
CREATE FUNCTION intake.medians(only_areas integer[], from_ms bigint, until_ms bigint)
    RETURNS TABLE (dispatch_s double precision, scene_s double precision)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
    SELECT percentile_cont(0.5) WITHIN GROUP (ORDER BY (i.dispatched_at - i.reported_at) / 1000.0),
           percentile_cont(0.5) WITHIN GROUP (ORDER BY (i.on_scene_at - i.reported_at) / 1000.0)
    FROM intake.incident i
    WHERE NOT i.exercise AND i.state <> 12 AND i.reported_at >= from_ms AND i.reported_at < until_ms
      AND (only_areas IS NULL OR i.area = ANY (only_areas))
$$;
