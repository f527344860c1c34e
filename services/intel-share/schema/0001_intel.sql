-- SPDX-License-Identifier: Apache-2.0
-- Tips up, bulletins down.
SELECT genxi.service_schema('intel');

-- Copies of readiness' registry: which area a place is in, which organisations there are. Nobody's secret, so no policy.
CREATE TABLE intel.station (
    area int PRIMARY KEY,
    lon float8 NOT NULL,
    lat float8 NOT NULL,
    ring float8[] NOT NULL  -- lon,lat,lon,lat,...
);
CREATE TABLE intel.org (
    id uuid PRIMARY KEY,
    kind int NOT NULL,
    area int NOT NULL,
    state int NOT NULL,
    exercise boolean NOT NULL
);
CREATE INDEX org_area ON intel.org (area, kind);

CREATE TABLE intel.tip_counter (
    area int NOT NULL,
    day int NOT NULL,  -- 20261124, local
    n int NOT NULL,
    PRIMARY KEY (area, day)
);

CREATE TABLE intel.tip (
    id uuid PRIMARY KEY,
    area int NOT NULL,
    number text NOT NULL UNIQUE,
    state int NOT NULL,
    lon float8 NOT NULL,
    lat float8 NOT NULL,
    seen_at bigint NOT NULL,
    seen text NOT NULL,
    kind text,
    received_at bigint NOT NULL,
    reporter text NOT NULL,  -- the subject that told it
    org_id uuid,
    responder_id uuid,       -- set: that responder's own; else the organisation's desk's
    flags text[] NOT NULL,
    exercise boolean NOT NULL,
    triage_reason text,
    triaged_by text,
    incident_id uuid,
    outcome_note text
);
CREATE INDEX tip_area ON intel.tip (area, id DESC);
CREATE INDEX tip_org ON intel.tip (org_id, id DESC);
CREATE INDEX tip_responder ON intel.tip (responder_id) WHERE responder_id IS NOT NULL;

ALTER TABLE intel.tip ENABLE ROW LEVEL SECURITY;
CREATE POLICY tip_system ON intel.tip USING (genxi.is_system()) WITH CHECK (genxi.is_system());
CREATE POLICY tip_officer ON intel.tip USING (genxi.officer_of(area)) WITH CHECK (genxi.officer_of(area));
CREATE POLICY tip_reporter ON intel.tip FOR SELECT USING (
    reporter = genxi.actor_subject() OR responder_id = genxi.actor_responder()
    OR (responder_id IS NULL AND org_id = genxi.actor_org() AND genxi.has_role(640)));  -- desk 128, linked 512
CREATE POLICY tip_new ON intel.tip FOR INSERT WITH CHECK (reporter = genxi.actor_subject());

CREATE TABLE intel.bulletin (
    id uuid PRIMARY KEY,
    area int NOT NULL,
    state int NOT NULL,
    mark int NOT NULL,
    orgs text[] NOT NULL,     -- the audience as drafted
    org_kinds int[] NOT NULL,
    areas int[] NOT NULL,
    roles bigint NOT NULL,
    purpose text NOT NULL,
    expires_at bigint NOT NULL,
    title text NOT NULL,
    text text NOT NULL,
    drafted_by text NOT NULL,
    drafted_at bigint NOT NULL,
    approved_by text,
    approved_at bigint,
    reject_reason text,
    recalled_at bigint,
    recall_reason text,
    exercise boolean NOT NULL
);
CREATE INDEX bulletin_area ON intel.bulletin (area, id DESC);

-- Who gets it: the organisations that the audience meant when it was approved.
CREATE TABLE intel.bulletin_org (
    bulletin_id uuid NOT NULL REFERENCES intel.bulletin,
    org_id uuid NOT NULL,
    PRIMARY KEY (bulletin_id, org_id)
);
CREATE INDEX bulletin_org_org ON intel.bulletin_org (org_id);

ALTER TABLE intel.bulletin_org ENABLE ROW LEVEL SECURITY;
-- 60: officers. An organisation sees that it is named, not who else is.
CREATE POLICY bulletin_org_all ON intel.bulletin_org
    USING (genxi.is_system() OR genxi.has_role(60)) WITH CHECK (genxi.is_system() OR genxi.has_role(60));
CREATE POLICY bulletin_org_own ON intel.bulletin_org FOR SELECT USING (org_id = genxi.actor_org());

ALTER TABLE intel.bulletin ENABLE ROW LEVEL SECURITY;
CREATE POLICY bulletin_system ON intel.bulletin USING (genxi.is_system()) WITH CHECK (genxi.is_system());
CREATE POLICY bulletin_officer ON intel.bulletin
    USING (genxi.officer_of(area) OR (genxi.has_role(60) AND drafted_by = genxi.actor_subject()))
    WITH CHECK (genxi.officer_of(area) OR (genxi.has_role(60) AND drafted_by = genxi.actor_subject()));
CREATE POLICY bulletin_more_areas ON intel.bulletin FOR SELECT
    USING (genxi.has_role(60) AND areas && genxi.actor_areas());
-- 2, 3, 4: approved, recalled, expired.
CREATE POLICY bulletin_org ON intel.bulletin FOR SELECT USING (
    state IN (2, 3, 4)
    AND EXISTS (SELECT FROM intel.bulletin_org o WHERE o.bulletin_id = id AND o.org_id = genxi.actor_org()));

-- Every reading (get), and receipts (read, recalled) once each.
CREATE TABLE intel.read_log (
    id uuid PRIMARY KEY,
    bulletin_id uuid NOT NULL REFERENCES intel.bulletin,
    area int NOT NULL,  -- the bulletin's
    subject text NOT NULL,
    org_id uuid,
    at bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('get', 'read', 'recalled'))
);
CREATE UNIQUE INDEX read_log_receipt ON intel.read_log (bulletin_id, subject, kind) WHERE kind <> 'get';
CREATE INDEX read_log_bulletin ON intel.read_log (bulletin_id, id);
REVOKE UPDATE, DELETE ON intel.read_log FROM genxi_intel;

ALTER TABLE intel.read_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY read_log_system ON intel.read_log USING (genxi.is_system()) WITH CHECK (genxi.is_system());
CREATE POLICY read_log_staff ON intel.read_log FOR SELECT USING (genxi.officer_of(area) OR genxi.has_role(64));
CREATE POLICY read_log_own ON intel.read_log FOR SELECT USING (subject = genxi.actor_subject());
CREATE POLICY read_log_new ON intel.read_log FOR INSERT WITH CHECK (subject = genxi.actor_subject());
