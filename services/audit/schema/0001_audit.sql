-- SPDX-License-Identifier: Apache-2.0
-- The audit log: every event of the journal is one leaf of one Merkle tree.
SELECT genxi.service_schema('audit');

-- One row: the index that the next entry gets. Taken last in the transaction of an entry, so that indices are dense and
-- whoever sees `next` sees every entry below it.
CREATE TABLE audit.head (
    single boolean PRIMARY KEY DEFAULT true CHECK (single),
    next bigint NOT NULL
) WITH (fillfactor = 20, autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
INSERT INTO audit.head (next) VALUES (0);

CREATE TABLE audit.entry (
    index bigint PRIMARY KEY,
    area int NOT NULL,
    seq bigint NOT NULL,
    event_id uuid NOT NULL,
    type int NOT NULL,
    at bigint NOT NULL,
    actor text NOT NULL,
    subject uuid,
    officers boolean NOT NULL,   -- the event's audience, for proofs
    officer_roles bigint NOT NULL,
    areas int[] NOT NULL,
    orgs text[] NOT NULL,
    responders text[] NOT NULL,
    leaf bytea NOT NULL CHECK (length(leaf) = 32),  -- SHA-256(salt || record)
    salt bytea CHECK (length(salt) = 16),           -- salt and record go at the end of the retention, the leaf stays
    record bytea,
    UNIQUE (area, seq),
    CHECK ((salt IS NULL) = (record IS NULL))
);
CREATE INDEX entry_event ON audit.entry (event_id);
CREATE INDEX entry_subject ON audit.entry (subject, index) WHERE subject IS NOT NULL;
CREATE INDEX entry_actor ON audit.entry (actor, index) WHERE actor <> '';
CREATE INDEX entry_kept ON audit.entry (at) WHERE record IS NOT NULL;

-- Tiles as they grow: `data` is extended at its end only. Level -1 holds the leaf data themselves, 32 bytes each.
CREATE TABLE audit.tile (
    level int NOT NULL CHECK (level BETWEEN -1 AND 7),
    index bigint NOT NULL,
    data bytea NOT NULL CHECK (length(data) BETWEEN 32 AND 8192 AND length(data) % 32 = 0),
    PRIMARY KEY (level, index)
);

CREATE TABLE audit.checkpoint (
    size bigint PRIMARY KEY,
    root bytea NOT NULL CHECK (length(root) = 32),
    note text NOT NULL,
    signed_at bigint NOT NULL
);

-- Append-only, also for the service itself: an entry loses its record at the end of its retention and nothing else.
REVOKE UPDATE, DELETE ON audit.entry, audit.checkpoint FROM genxi_audit;
REVOKE DELETE ON audit.tile, audit.head FROM genxi_audit;
GRANT UPDATE (salt, record, actor, subject, orgs, responders, areas) ON audit.entry TO genxi_audit;

CREATE FUNCTION audit.tile_grows() RETURNS trigger
    LANGUAGE plpgsql SET search_path = pg_catalog
    AS $$
BEGIN
    IF substring(NEW.data FOR length(OLD.data)) <> OLD.data THEN
        RAISE EXCEPTION 'a tile only grows (% %)', OLD.level, OLD.index;
    END IF;
    RETURN NEW;
END
$$;
CREATE TRIGGER tile_grows BEFORE UPDATE ON audit.tile FOR EACH ROW EXECUTE FUNCTION audit.tile_grows();

ALTER TABLE audit.entry ENABLE ROW LEVEL SECURITY;
CREATE POLICY entry_system ON audit.entry USING (genxi.is_system()) WITH CHECK (genxi.is_system());
-- 64: auditor.
CREATE POLICY entry_auditor ON audit.entry FOR SELECT USING (genxi.has_role(64));
CREATE POLICY entry_audience ON audit.entry FOR SELECT USING (
    genxi.actor_org()::text = ANY (orgs)
    OR genxi.actor_responder()::text = ANY (responders)
    OR (officers AND genxi.has_role(60) AND (officer_roles = 0 OR genxi.has_role(officer_roles))
        AND genxi.actor_areas() && areas)
);
