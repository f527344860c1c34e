-- SPDX-License-Identifier: Apache-2.0
-- Deliveries, the channels of responders, webhooks, escalations. Numbers of channel and state are those of proto/notify.proto.
SELECT genxi.service_schema('notifier');

-- Own copy of what reaches a responder. The phone is sealed: nobody but the system reads it.
CREATE TABLE notifier.channel (
    responder_id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    area integer NOT NULL,
    phone text,
    active boolean NOT NULL
);

-- Own copy of the offers: is it still open at the moment of sending?
CREATE TABLE notifier.offer (
    id uuid PRIMARY KEY,
    event_id uuid NOT NULL,
    incident_id uuid NOT NULL,
    number text NOT NULL,
    area integer NOT NULL,
    responder_id uuid NOT NULL,
    org_id uuid NOT NULL,
    open boolean NOT NULL,
    expires_at bigint NOT NULL,
    exercise boolean NOT NULL
);
CREATE INDEX offer_expires ON notifier.offer (expires_at);

-- A device's receipt and the offer's event meet here, whichever comes first.
CREATE TABLE notifier.receipt (
    event_id uuid NOT NULL,
    responder_id uuid NOT NULL,
    made boolean NOT NULL,
    receipted_at bigint,
    noted_at bigint NOT NULL,
    PRIMARY KEY (event_id, responder_id)
);
CREATE INDEX receipt_noted ON notifier.receipt (noted_at);
CREATE INDEX receipt_early ON notifier.receipt (responder_id) WHERE NOT made;

CREATE TABLE notifier.webhook (
    id uuid PRIMARY KEY,
    org_id uuid NOT NULL,
    url text NOT NULL,
    types text[] NOT NULL,
    active boolean NOT NULL,
    exercise boolean NOT NULL,
    description text,
    secret text NOT NULL,
    old_secret text,
    old_until_at bigint,
    failures bigint NOT NULL DEFAULT 0,
    openings bigint NOT NULL DEFAULT 0,
    broken_until_at bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL
);
CREATE INDEX webhook_org ON notifier.webhook (org_id);

CREATE TABLE notifier.delivery (
    id uuid PRIMARY KEY,
    channel smallint NOT NULL,
    state smallint NOT NULL,
    event_id uuid NOT NULL,
    event_type text NOT NULL,
    area integer NOT NULL,
    org_id uuid,
    responder_id uuid,
    webhook_id uuid,
    offer_id uuid,
    incident_id uuid,
    attempts integer NOT NULL DEFAULT 0,
    next_at bigint,
    lease_id uuid,
    lease_until bigint NOT NULL DEFAULT 0,
    last_error text,
    created_at bigint NOT NULL,
    sent_at bigint,
    receipted_at bigint,
    exercise boolean NOT NULL,
    body text
);
-- One delivery of an event by a channel to a receiver, however often the event is followed.
CREATE UNIQUE INDEX delivery_webhook_once ON notifier.delivery (event_id, webhook_id) WHERE webhook_id IS NOT NULL;
CREATE UNIQUE INDEX delivery_offer_once ON notifier.delivery (offer_id, channel) WHERE offer_id IS NOT NULL;
CREATE INDEX delivery_webhook_due ON notifier.delivery (webhook_id, next_at, id) WHERE state = 1 AND channel = 2;
CREATE INDEX delivery_webhook_leased ON notifier.delivery (webhook_id, lease_until) WHERE state = 1 AND channel = 2;
CREATE INDEX delivery_sms_due ON notifier.delivery (next_at, id) WHERE state = 1 AND channel = 3;
CREATE INDEX delivery_dead ON notifier.delivery (webhook_id, created_at) WHERE state = 5;
CREATE INDEX delivery_created ON notifier.delivery (created_at);
CREATE INDEX delivery_org ON notifier.delivery (org_id, id);

-- What the SMS centre called each part of a short message, to find the delivery of a receipt.
CREATE TABLE notifier.sms_part (
    delivery_id uuid NOT NULL REFERENCES notifier.delivery ON DELETE CASCADE,
    part smallint NOT NULL,
    parts smallint NOT NULL,
    centre_id text NOT NULL,
    receipted_at bigint,
    PRIMARY KEY (delivery_id, part)
);
CREATE INDEX sms_part_centre ON notifier.sms_part (centre_id);

CREATE TABLE notifier.escalation (
    id uuid PRIMARY KEY,
    area integer NOT NULL,
    subject_id uuid NOT NULL,
    what text NOT NULL,
    reason text NOT NULL,
    raised_at bigint NOT NULL,
    exercise boolean NOT NULL
);

ALTER TABLE notifier.channel ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifier.offer ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifier.receipt ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifier.webhook ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifier.delivery ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifier.sms_part ENABLE ROW LEVEL SECURITY;
ALTER TABLE notifier.escalation ENABLE ROW LEVEL SECURITY;

CREATE POLICY channel_system ON notifier.channel USING (genxi.is_system());
CREATE POLICY offer_system ON notifier.offer USING (genxi.is_system());
CREATE POLICY receipt_own ON notifier.receipt USING (genxi.is_system() OR responder_id = genxi.actor_responder());
CREATE POLICY webhook_own ON notifier.webhook USING (genxi.is_system() OR org_id = genxi.actor_org());
CREATE POLICY delivery_sight ON notifier.delivery USING (
    genxi.is_system() OR org_id = genxi.actor_org() OR responder_id = genxi.actor_responder() OR genxi.officer_of(area)
    OR (genxi.has_role(2) AND area = ANY (genxi.actor_areas()))); -- 2: admin
CREATE POLICY sms_part_system ON notifier.sms_part USING (genxi.is_system());
CREATE POLICY escalation_sight ON notifier.escalation USING (genxi.is_system() OR genxi.officer_of(area));
