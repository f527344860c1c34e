-- SPDX-License-Identifier: Apache-2.0
-- The doors' own copy of devices, and when each was heard. `secret` lies sealed as it came.
SET LOCAL ROLE genxi_owner;

CREATE TABLE gateway.device (
    id uuid PRIMARY KEY,
    kind smallint NOT NULL,         -- genxi.DeviceKind
    code text NOT NULL,
    org_id uuid NOT NULL,
    site_id uuid,
    responder_id uuid,
    datum smallint NOT NULL,        -- genxi.Datum
    supervision_seconds int,
    active boolean NOT NULL,
    secret text,
    removed boolean NOT NULL,
    changed_at bigint NOT NULL,     -- of the event: an older one never replaces a newer one
    touched_at bigint NOT NULL DEFAULT genxi.now_ms()
);
CREATE INDEX device_touched ON gateway.device (touched_at);

-- Supervision: due_at is when silence becomes a fault; NULL when it is not watched, or was told of.
CREATE TABLE gateway.device_watch (
    device_id uuid PRIMARY KEY REFERENCES gateway.device (id),
    heard_at bigint NOT NULL,
    due_at bigint,
    silent_incident_id uuid,        -- the fault that was opened for the silence that lasts
    incident_id uuid,               -- the last alarm's case, for what comes after it
    incident_type text
);
CREATE INDEX device_watch_due ON gateway.device_watch (due_at) WHERE due_at IS NOT NULL;

-- When any gateway's doors last were open: the time for which all were shut is nobody's silence.
CREATE TABLE gateway.door_beat (one boolean PRIMARY KEY DEFAULT true CHECK (one), at bigint NOT NULL);
INSERT INTO gateway.door_beat (at) VALUES (genxi.now_ms());

ALTER TABLE gateway.device ENABLE ROW LEVEL SECURITY;
ALTER TABLE gateway.device FORCE ROW LEVEL SECURITY;
CREATE POLICY device_system ON gateway.device USING (genxi.is_system()) WITH CHECK (genxi.is_system());
ALTER TABLE gateway.device_watch ENABLE ROW LEVEL SECURITY;
ALTER TABLE gateway.device_watch FORCE ROW LEVEL SECURITY;
CREATE POLICY device_watch_system ON gateway.device_watch USING (genxi.is_system()) WITH CHECK (genxi.is_system());
RESET ROLE;
