-- SPDX-License-Identifier: Apache-2.0
-- Coverage: what each site asks for, where it is not met, who was posted elsewhere to meet it.

CREATE TABLE matcher.site_need (
    site_id uuid NOT NULL,
    ord int NOT NULL,                -- the need's place among the site's, from 0
    force int NOT NULL,
    count int NOT NULL,
    within_minutes int NOT NULL,
    from_minute int NOT NULL,        -- of the local day
    until_minute int NOT NULL,       -- smaller than from: over midnight; equal: all day
    PRIMARY KEY (site_id, ord)
);

-- From the first time it is seen; told once it has stood (raised_at), ended once it has been away.
CREATE TABLE matcher.gap (
    id uuid PRIMARY KEY,
    site_id uuid NOT NULL,
    partner_id uuid NOT NULL,
    area int NOT NULL,
    ord int NOT NULL,                -- -1: first response
    ahead boolean NOT NULL,          -- by the roster, in the hours to come
    kind int NOT NULL,               -- as GapKind
    force int NOT NULL,              -- 0: any
    have int NOT NULL,
    want int NOT NULL,
    within_minutes int NOT NULL,
    from_at bigint NOT NULL,         -- ahead: the hours that lie open
    until_at bigint NOT NULL,        -- 0: as far as was looked
    seen_at bigint NOT NULL,
    raised_at bigint NOT NULL,       -- 0: not yet
    away_at bigint NOT NULL,         -- 0: it is there; else since when it is not
    ended_at bigint NOT NULL DEFAULT 0
);
CREATE UNIQUE INDEX gap_one_open ON matcher.gap (site_id, ord, ahead) WHERE ended_at = 0;
CREATE INDEX ON matcher.gap (ended_at) WHERE ended_at <> 0;

CREATE TABLE matcher.move (
    id uuid PRIMARY KEY,
    responder_id uuid NOT NULL,
    org_id uuid NOT NULL,
    area int NOT NULL,               -- of the site
    home_area int NOT NULL,          -- of the responder
    site_id uuid NOT NULL,
    gap_id uuid NOT NULL,
    lon float8 NOT NULL,
    lat float8 NOT NULL,
    call_sign text NOT NULL,
    made_at bigint NOT NULL,
    until_at bigint NOT NULL,
    ended_at bigint NOT NULL DEFAULT 0,
    ended_by text
);
CREATE UNIQUE INDEX move_one_open ON matcher.move (responder_id) WHERE ended_at = 0;
CREATE INDEX ON matcher.move (ended_at) WHERE ended_at <> 0;

-- When the sites were last looked at, by whichever process: the only row.
CREATE TABLE matcher.coverage_turn (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    now_at bigint NOT NULL,
    ahead_at bigint NOT NULL
);
INSERT INTO matcher.coverage_turn (now_at, ahead_at) VALUES (0, 0);

-- ---- who may see which row ----
DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['site_need', 'gap', 'move', 'coverage_turn'] LOOP
        EXECUTE format('ALTER TABLE matcher.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON matcher.%I USING (genxi.is_system())', t || '_system', t);
    END LOOP;
END $$;
CREATE POLICY site_need_read ON matcher.site_need FOR SELECT
    USING (EXISTS (SELECT FROM matcher.site s WHERE s.id = site_id));
CREATE POLICY gap_read ON matcher.gap FOR SELECT
    USING (genxi.officer_of(area) OR (partner_id = genxi.actor_org() AND genxi.has_role(640)));
CREATE POLICY move_read ON matcher.move FOR SELECT
    USING (genxi.officer_of(area) OR genxi.officer_of(home_area) OR (org_id = genxi.actor_org() AND genxi.has_role(640))
           OR responder_id = genxi.actor_responder());
