-- SPDX-License-Identifier: Apache-2.0
-- Who came without an offer has the task card with the assignment, as it was when he joined.
ALTER TABLE matcher.assignment ADD COLUMN card bytea; -- NULL: it came with the offer, or the playbook has none for that force
