-- SPDX-License-Identifier: Apache-2.0
-- Devices that speak for an organisation in a protocol of their own. `secret` lies sealed (common/web/seal.h, key device-secrets).
SET LOCAL ROLE genxi_owner;

CREATE TABLE readiness.device (
    id uuid PRIMARY KEY,
    kind smallint NOT NULL,   -- genxi.DeviceKind
    code text NOT NULL,       -- how it names itself
    org_id uuid NOT NULL REFERENCES readiness.partner (id),
    area int NOT NULL,
    site_id uuid REFERENCES readiness.site (id),
    responder_id uuid REFERENCES readiness.responder (id),
    datum smallint NOT NULL,  -- genxi.Datum
    supervision_seconds int CHECK (supervision_seconds > 0),
    active boolean NOT NULL DEFAULT true,
    secret text,              -- sealed1:...; NULL: none
    name text,
    updated_at bigint NOT NULL DEFAULT genxi.now_ms(),
    CONSTRAINT device_code UNIQUE (kind, code)
);
CREATE INDEX device_area ON readiness.device (area, id);
CREATE INDEX device_org ON readiness.device (org_id, id);
CREATE INDEX device_site ON readiness.device (site_id);
CREATE INDEX device_responder ON readiness.device (responder_id);

ALTER TABLE readiness.device ENABLE ROW LEVEL SECURITY;
CREATE POLICY see ON readiness.device FOR SELECT
    USING (genxi.is_system() OR genxi.has_role(2) OR genxi.officer_of(area)
           OR (genxi.has_role(128) AND org_id = genxi.actor_org()) OR responder_id = genxi.actor_responder());
CREATE POLICY put ON readiness.device FOR ALL
    USING (readiness.may_put(area, org_id)) WITH CHECK (readiness.may_put(area, org_id));
RESET ROLE;
