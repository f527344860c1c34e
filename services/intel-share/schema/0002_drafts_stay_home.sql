-- SPDX-License-Identifier: Apache-2.0
-- Officers of the audience's areas see a bulletin once it was approved (2, 3, 4: approved, recalled, expired); what is a draft or was rejected is
-- its drafter's and its own area's.
DROP POLICY bulletin_more_areas ON intel.bulletin;
CREATE POLICY bulletin_more_areas ON intel.bulletin FOR SELECT
    USING (state IN (2, 3, 4) AND genxi.has_role(60) AND areas && genxi.actor_areas());
