-- SPDX-License-Identifier: Apache-2.0
-- A report's place as it was typed, in the datum that stands in crs: the converted one can then be made anew when that word was wrong.
SET LOCAL ROLE genxi_owner;
ALTER TABLE intake.report ADD COLUMN raw_lon double precision, ADD COLUMN raw_lat double precision;
RESET ROLE;
