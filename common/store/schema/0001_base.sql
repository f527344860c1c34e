-- SPDX-License-Identifier: Apache-2.0
-- Roles, the words that row-level security is made of, and what each service's schema begins with.
--
-- Roles: genxi_owner owns all tables (so policies bind the services), genxi_service is the group of the services' roles,
-- genxi_<schema> is one service. LOGIN and passwords are set by whoever runs the migration.
DO $$
DECLARE
    wanted text;
BEGIN
    FOREACH wanted IN ARRAY ARRAY['genxi_owner', 'genxi_service'] LOOP
        IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = wanted) THEN
            BEGIN
                EXECUTE format('CREATE ROLE %I NOLOGIN', wanted);
            EXCEPTION WHEN duplicate_object OR unique_violation THEN
                NULL; -- another database of this server was migrated at the same time
            END;
        END IF;
    END LOOP;
END
$$;

GRANT USAGE ON SCHEMA genxi TO genxi_owner, genxi_service;

-- The database's clock as of the transaction's begin, Unix ms.
CREATE FUNCTION genxi.now_ms() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT floor(extract(epoch FROM now()) * 1000)::bigint $$;

-- The actor, as the chassis sets it for each transaction (store/tx.h). Without it: nobody, who sees nothing.
CREATE FUNCTION genxi.actor_roles() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('genxi.roles', true), ''), '0')::bigint $$;
CREATE FUNCTION genxi.actor_subject() RETURNS text
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(current_setting('genxi.subject', true), '') $$;
-- NULL when the actor belongs to no organisation: a comparison with it is then never true.
CREATE FUNCTION genxi.actor_org() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('genxi.org', true), '')::uuid $$;
CREATE FUNCTION genxi.actor_responder() RETURNS uuid
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT nullif(current_setting('genxi.responder', true), '')::uuid $$;
CREATE FUNCTION genxi.actor_areas() RETURNS int[]
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('genxi.areas', true), ''), '{}')::int[] $$;

-- Bits as in base/roles.h: system 1; officers are duty 4, police 8, approver 16, analyst 32.
CREATE FUNCTION genxi.is_system() RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('genxi.roles', true), ''), '0')::bigint & 1 <> 0 $$;
CREATE FUNCTION genxi.has_role(bits bigint) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$ SELECT coalesce(nullif(current_setting('genxi.roles', true), ''), '0')::bigint & bits <> 0 $$;
CREATE FUNCTION genxi.officer_of(area int) RETURNS boolean
    LANGUAGE sql STABLE PARALLEL SAFE
    AS $$
        SELECT coalesce(nullif(current_setting('genxi.roles', true), ''), '0')::bigint & 60 <> 0
            AND area = ANY (coalesce(nullif(current_setting('genxi.areas', true), ''), '{}')::int[])
    $$;

-- Makes what each service begins with; the first migration of a service calls it. Runs with the rights of who migrates,
-- since services' migrations themselves run as genxi_owner.
CREATE FUNCTION genxi.service_schema(name text) RETURNS void
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog
    AS $body$
DECLARE
    role_name text := 'genxi_' || name;
BEGIN
    IF name !~ '^[a-z][a-z_]{0,30}$' THEN
        RAISE EXCEPTION 'not a name for a schema: %', name;
    END IF;
    IF NOT EXISTS (SELECT 1 FROM pg_roles WHERE rolname = role_name) THEN
        BEGIN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role_name);
        EXCEPTION WHEN duplicate_object OR unique_violation THEN
            NULL;
        END;
    END IF;
    EXECUTE format('GRANT genxi_service TO %I', role_name);
    EXECUTE format('CREATE SCHEMA IF NOT EXISTS %I AUTHORIZATION genxi_owner', name);
    EXECUTE format('GRANT USAGE ON SCHEMA %I TO %I', name, role_name);
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE genxi_owner IN SCHEMA %I'
                   ' GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO %I', name, role_name);
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE genxi_owner IN SCHEMA %I'
                   ' GRANT USAGE, SELECT ON SEQUENCES TO %I', name, role_name);
    EXECUTE format('ALTER DEFAULT PRIVILEGES FOR ROLE genxi_owner IN SCHEMA %I'
                   ' GRANT EXECUTE ON FUNCTIONS TO %I', name, role_name);
    -- due_at is when it was promised, try_at when it is taken next (later after a failed try).
    EXECUTE format('CREATE TABLE %I.timer ('
                   'kind text NOT NULL, subject uuid NOT NULL, n int NOT NULL, area int NOT NULL, data text,'
                   'due_at bigint NOT NULL, try_at bigint NOT NULL, tries int NOT NULL DEFAULT 0,'
                   'PRIMARY KEY (kind, subject, n))', name);
    EXECUTE format('CREATE INDEX timer_try ON %I.timer (try_at)', name);
    EXECUTE format('CREATE INDEX timer_subject ON %I.timer (subject)', name);
    -- Timers that failed for good: kept for a person to look at.
    EXECUTE format('CREATE TABLE %I.timer_dead ('
                   'kind text NOT NULL, subject uuid NOT NULL, n int NOT NULL, area int NOT NULL, data text,'
                   'due_at bigint NOT NULL, tries int NOT NULL, reason text NOT NULL, dead_at bigint NOT NULL)', name);
    EXECUTE format('CREATE TABLE %I.idempotency ('
                   'subject text NOT NULL, key text NOT NULL, digest bytea NOT NULL, reply bytea NOT NULL,'
                   'at bigint NOT NULL, CONSTRAINT gx_idempotency PRIMARY KEY (subject, key))', name);
    EXECUTE format('CREATE INDEX idempotency_at ON %I.idempotency (at)', name);
    EXECUTE format('ALTER TABLE %I.timer OWNER TO genxi_owner', name);
    EXECUTE format('ALTER TABLE %I.timer_dead OWNER TO genxi_owner', name);
    EXECUTE format('ALTER TABLE %I.idempotency OWNER TO genxi_owner', name);
    EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %I.timer, %I.timer_dead, %I.idempotency TO %I', name, name,
                   name, role_name);
END
$body$;
REVOKE EXECUTE ON FUNCTION genxi.service_schema(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION genxi.service_schema(text) TO genxi_owner;
