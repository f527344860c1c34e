-- SPDX-License-Identifier: Apache-2.0
-- Whom to ask, by the odds that people accept: what a plan goes by, and what was learned.

ALTER TABLE matcher.slot ADD COLUMN phase int NOT NULL DEFAULT 0;            -- how far out people are asked
ALTER TABLE matcher.offer ADD COLUMN travel_seconds int NOT NULL DEFAULT -1; -- when it was made; -1: not known
ALTER TABLE matcher.offer ADD COLUMN preempts uuid;                          -- the task that its acceptance would end
ALTER TABLE matcher.offer ADD COLUMN replaces uuid;                          -- the task whose place is handed over
ALTER TABLE matcher.slot ADD COLUMN swaps int NOT NULL DEFAULT 0;            -- places offered to somebody nearer
CREATE INDEX offer_replaces ON matcher.offer (replaces) WHERE state = 1 AND replaces IS NOT NULL;
CREATE INDEX offer_preempts ON matcher.offer (preempts) WHERE state = 1 AND preempts IS NOT NULL;
-- In the order in which they are learned from.
CREATE INDEX offer_ended ON matcher.offer (ended_at, id) WHERE ended_at <> 0;
-- Of the incident, when the task was taken: whom a more urgent one may call away. Grade 0: not known, nobody.
ALTER TABLE matcher.assignment ADD COLUMN grade int NOT NULL DEFAULT 0;
ALTER TABLE matcher.assignment ADD COLUMN lon float8 NOT NULL DEFAULT 0;
ALTER TABLE matcher.assignment ADD COLUMN lat float8 NOT NULL DEFAULT 0;
ALTER TABLE matcher.assignment ADD COLUMN ended_by text;                     -- of who was stood down
-- One timer an incident says when to look again, whatever the cause.
UPDATE matcher.timer SET kind = 'look' WHERE kind = 'retry';

-- Sums by group (offers/odds.h), to which is only added; of groups, never of a person.
CREATE TABLE matcher.odds (
    cell int PRIMARY KEY,
    sum float8 NOT NULL
);
-- How far they were learned: all that ended before that, and at that moment up to that id. The only row.
CREATE TABLE matcher.odds_turn (
    one boolean PRIMARY KEY DEFAULT true CHECK (one),
    ended_at bigint NOT NULL,
    offer_id uuid NOT NULL
);
INSERT INTO matcher.odds_turn (ended_at, offer_id) VALUES (0, '00000000-0000-0000-0000-000000000000');

DO $$
DECLARE
    t text;
BEGIN
    FOREACH t IN ARRAY ARRAY['odds', 'odds_turn'] LOOP
        EXECUTE format('ALTER TABLE matcher.%I ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY %I ON matcher.%I USING (genxi.is_system())', t || '_system', t);
    END LOOP;
END $$;
