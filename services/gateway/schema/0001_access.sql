-- SPDX-License-Identifier: Apache-2.0
-- Who may call: accounts of people, their sessions, API keys of organisations and devices. No secret stands here: passwords are argon2id,
-- tokens and keys SHA-256 of 256 random bits (common/web/credential.h). roles are the bits of base/roles.h.
SELECT genxi.service_schema('gateway');
SET LOCAL ROLE genxi_owner;

CREATE TABLE gateway.account (
    id uuid PRIMARY KEY,
    name text NOT NULL UNIQUE,              -- what is typed at log-in
    password text NOT NULL,                 -- argon2id in its text form
    totp bytea,                             -- 20 bytes; NULL: no second factor
    totp_step bigint NOT NULL DEFAULT 0,    -- step of the newest code used: a code works once
    roles bigint NOT NULL,
    areas int[] NOT NULL DEFAULT '{}',
    org_id uuid,
    responder_id uuid,
    lang text NOT NULL DEFAULT 'zh-CN' CHECK (lang IN ('zh-CN', 'en')),
    active boolean NOT NULL DEFAULT true,
    created_at bigint NOT NULL DEFAULT genxi.now_ms()
);

CREATE TABLE gateway.session (
    id uuid PRIMARY KEY,
    account_id uuid NOT NULL REFERENCES gateway.account (id),
    token_hash bytea NOT NULL UNIQUE,
    created_at bigint NOT NULL DEFAULT genxi.now_ms(),
    expires_at bigint NOT NULL,
    ended_at bigint
);
CREATE INDEX session_account ON gateway.session (account_id) WHERE ended_at IS NULL;
CREATE INDEX session_expires ON gateway.session (expires_at);

CREATE TABLE gateway.api_key (
    id uuid PRIMARY KEY,
    name text NOT NULL DEFAULT '',
    secret_hash bytea NOT NULL UNIQUE,
    org_id uuid NOT NULL,
    roles bigint NOT NULL,
    areas int[] NOT NULL DEFAULT '{}',
    responder_id uuid,
    created_by text NOT NULL DEFAULT '',
    created_at bigint NOT NULL DEFAULT genxi.now_ms(),
    expires_at bigint,
    revoked_at bigint                       -- may lie ahead: overlap during rotation
);
CREATE INDEX api_key_org ON gateway.api_key (org_id, created_at, id);

-- The gateway acts as system when it looks a credential up, and as the caller when it lists an organisation's keys.
ALTER TABLE gateway.account ENABLE ROW LEVEL SECURITY;
ALTER TABLE gateway.account FORCE ROW LEVEL SECURITY;
CREATE POLICY account_system ON gateway.account USING (genxi.is_system()) WITH CHECK (genxi.is_system());
ALTER TABLE gateway.session ENABLE ROW LEVEL SECURITY;
ALTER TABLE gateway.session FORCE ROW LEVEL SECURITY;
CREATE POLICY session_system ON gateway.session USING (genxi.is_system()) WITH CHECK (genxi.is_system());
ALTER TABLE gateway.api_key ENABLE ROW LEVEL SECURITY;
ALTER TABLE gateway.api_key FORCE ROW LEVEL SECURITY;
CREATE POLICY api_key_system ON gateway.api_key USING (genxi.is_system()) WITH CHECK (genxi.is_system());
RESET ROLE;
