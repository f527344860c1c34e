-- SPDX-License-Identifier: Apache-2.0
-- Which tip a report came from: when the tip is purged, its words go here as well.
ALTER TABLE intake.report ADD COLUMN tip_id uuid;
CREATE UNIQUE INDEX report_tip ON intake.report (tip_id) WHERE tip_id IS NOT NULL;
