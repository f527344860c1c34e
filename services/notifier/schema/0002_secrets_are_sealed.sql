-- SPDX-License-Identifier: Apache-2.0
-- Secrets lie here sealed (seal.h). The key is not the database's to know, so the service seals those that are in clear when it starts; here
-- only answers kept under idempotency keys go that still hold one.
COMMENT ON COLUMN notifier.webhook.secret IS 'sealed1:..., under the key webhook-secrets.key';
COMMENT ON COLUMN notifier.webhook.old_secret IS 'like secret, until old_until_at';
DELETE FROM notifier.idempotency WHERE position('whsec_'::bytea IN reply) > 0;
