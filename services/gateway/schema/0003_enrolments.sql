-- SPDX-License-Identifier: Apache-2.0
-- One-time links that give a phone its settings. The link's token stands here as SHA-256 only; the phone's token lies sealed until the link was
-- opened or is void, then nowhere.
SET LOCAL ROLE genxi_owner;
CREATE TABLE gateway.enrolment (
    id uuid PRIMARY KEY,
    device_id uuid NOT NULL UNIQUE, -- a new link voids the one before
    token_hash bytea NOT NULL UNIQUE,
    code text NOT NULL,
    sealed text NOT NULL,
    base_url text NOT NULL,         -- under which the caller reached us
    created_by text NOT NULL,
    created_at bigint NOT NULL DEFAULT genxi.now_ms(),
    expires_at bigint NOT NULL
);
CREATE INDEX enrolment_expires ON gateway.enrolment (expires_at);
ALTER TABLE gateway.enrolment ENABLE ROW LEVEL SECURITY;
ALTER TABLE gateway.enrolment FORCE ROW LEVEL SECURITY;
CREATE POLICY enrolment_system ON gateway.enrolment USING (genxi.is_system()) WITH CHECK (genxi.is_system());
RESET ROLE;
