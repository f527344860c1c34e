-- SPDX-License-Identifier: Apache-2.0
-- Takes hold of each of these who is free, on duty and rested, for an offer of that id; returns the offers' ids. In a language that keeps its
-- plan, and told to: planning it anew for each number of people cost more than holding them. Asked once for each round of offers.
CREATE FUNCTION matcher.hold_for_offers(people uuid[], offers uuid[], incident uuid) RETURNS SETOF uuid LANGUAGE plpgsql VOLATILE
    SET search_path = pg_catalog SET plan_cache_mode = force_generic_plan AS $$
DECLARE
    now bigint := genxi.now_ms();
BEGIN
    RETURN QUERY INSERT INTO matcher.hold (responder_id, kind, incident_id, ref)
        SELECT w.responder_id, 1, incident, w.ref
        FROM unnest(people, offers) AS w (responder_id, ref)
        JOIN matcher.responder r ON r.id = w.responder_id AND r.active
        WHERE EXISTS (SELECT FROM matcher.shift s WHERE s.responder_id = r.id
                      AND (s.state = 2 OR (s.state = 1 AND s.from_at <= now AND now < s.until_at)))
            AND NOT EXISTS (SELECT FROM matcher.rest t WHERE t.responder_id = r.id AND t.until_at > now)
            AND NOT EXISTS (SELECT FROM matcher.offer o WHERE o.responder_id = r.id AND o.state = 1)
        ORDER BY w.responder_id
        ON CONFLICT (responder_id) DO NOTHING RETURNING ref;
END
$$;
