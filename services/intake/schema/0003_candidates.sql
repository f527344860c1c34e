-- SPDX-License-Identifier: Apache-2.0
-- The same question as before, in a language that keeps its plan: a function in plain SQL is planned anew by each call that is not inlined,
-- which cost more than the search. Asked once for each report.
CREATE OR REPLACE FUNCTION intake.merge_candidates(west double precision, south double precision, east double precision, north double precision,
                                                   drill boolean)
    RETURNS SETOF intake.incident LANGUAGE plpgsql VOLATILE SECURITY DEFINER
    SET search_path = pg_catalog SET plan_cache_mode = force_generic_plan AS $$
BEGIN
    RETURN QUERY SELECT i.* FROM intake.incident i
        WHERE i.state <= 7 AND i.lat BETWEEN south AND north AND i.lon BETWEEN west AND east AND i.exercise = drill
        ORDER BY i.id FOR UPDATE;
END
$$;
CREATE OR REPLACE FUNCTION intake.audience_orgs(incident uuid) RETURNS text[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(DISTINCT o.org_id::text), '{}') FROM intake.incident_org o WHERE o.incident_id = incident);
END
$$;
CREATE OR REPLACE FUNCTION intake.audience_responders(incident uuid) RETURNS text[] LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog AS $$
BEGIN
    RETURN (SELECT coalesce(array_agg(r.responder_id::text), '{}') FROM intake.incident_responder r WHERE r.incident_id = incident AND r.active);
END
$$;
