-- SPDX-License-Identifier: Apache-2.0
-- No copy of everybody's phone: it is asked for when a short message has to go, and kept with it until it has gone.
DROP TABLE notifier.channel;
ALTER TABLE notifier.delivery ADD COLUMN phone text; -- of a short message that waits
