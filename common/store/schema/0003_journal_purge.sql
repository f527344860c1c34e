-- SPDX-License-Identifier: Apache-2.0
-- Who purges says up to where it vouches for the events, and takes away a bounded number at a time. The service that may call this is
-- granted it by its own migration.
SET LOCAL ROLE genxi_owner;
DROP FUNCTION journal.purge(int, bigint);

-- Removes at most p_most of the area's first events: those of before p_before_at, up to p_upto, that every service with a cursor in the area
-- has followed; returns how many. What is left stays dense: the first event that may not go ends the run.
CREATE FUNCTION journal.purge(p_area int, p_before_at bigint, p_upto bigint, p_most int) RETURNS int
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
    AS $$
DECLARE
    low bigint;
    high bigint;
    removed int;
BEGIN
    SELECT floor INTO STRICT low FROM journal.counter WHERE area = p_area;
    SELECT least(p_upto, low + p_most, min(seq)) INTO high FROM journal.cursor WHERE area = p_area;
    -- Order of seq is order of commit, not of begin: an event may be newer than one behind it.
    SELECT least(high, min(seq) - 1) INTO high FROM journal.event
        WHERE area = p_area AND seq > low AND seq <= high AND at >= p_before_at;
    IF high <= low THEN
        RETURN 0;
    END IF;
    DELETE FROM journal.event WHERE area = p_area AND seq > low AND seq <= high;
    GET DIAGNOSTICS removed = ROW_COUNT;
    -- The counter's row is taken last here as well: whoever appends waits for the commit only.
    UPDATE journal.counter SET floor = high WHERE area = p_area AND floor = low;
    RETURN removed;
END
$$;
REVOKE EXECUTE ON FUNCTION journal.purge(int, bigint, bigint, int) FROM PUBLIC;
RESET ROLE;
