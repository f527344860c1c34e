-- SPDX-License-Identifier: Apache-2.0
-- The log holds what the journal may forget, so its service is the one that lets the journal forget.
GRANT EXECUTE ON FUNCTION journal.purge(int, bigint, bigint, int) TO genxi_audit;
