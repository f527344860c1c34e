# Private PostgreSQL and Redis in a folder of their own, for deploy/local and the tests. Source it; nothing listens outside unix sockets.
#   gx_pg_start DIR      starts (makes at first) a PostgreSQL cluster in DIR/pg; sets GX_PGHOST, GX_PGPORT, GX_PG (admin connection string)
#   gx_pg_stop DIR       stops it by its process id
#   gx_redis_start DIR   starts Redis with its socket in DIR/run; sets GX_REDIS ("unix:/path")
#   gx_redis_stop DIR
# As root, PostgreSQL runs as user postgres (it refuses root). Passwords are made at first start in DIR/secrets (mode 0700).

GX_PG_BIN=${GX_PG_BIN:-$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | sort -V | tail -1)}
GX_PGPORT=${GX_PGPORT:-5432}

# Can the user postgres reach this folder? A clone in a private folder of root's cannot hold its files.
gx_postgres_reaches() {
    gx_as_postgres test -x "$1" 2>/dev/null
}

# Where the sockets go: DIR/run, or a short public folder when the path is too long for a unix socket (107 bytes) or out of reach.
gx_run_dir() {
    local dir=$1/run
    if [ ${#dir} -gt 70 ] || ! gx_postgres_reaches "$1"; then
        dir=/tmp/genxi-$(printf '%s' "$1" | sha256sum | cut -c1-12)
    fi
    mkdir -p "$dir"
    printf '%s' "$dir"
}

# Makes DIR/pg, which is a link into /var/tmp when postgres cannot reach DIR.
gx_pg_folder() {
    rm -rf "$1/pg"
    if gx_postgres_reaches "$1"; then
        mkdir -m 700 "$1/pg"
    else
        local real
        real=/var/tmp/genxi-$(printf '%s' "$1" | sha256sum | cut -c1-12)-pg
        rm -rf "$real"
        mkdir -m 700 "$real"
        ln -s "$real" "$1/pg"
    fi
    [ "$(id -u)" -ne 0 ] || chown postgres "$1/pg/."
}

gx_as_postgres() {
    if [ "$(id -u)" -eq 0 ]; then
        setpriv --reuid postgres --regid postgres --init-groups -- "$@"
    else
        "$@"
    fi
}

gx_secret() { # file: made once, 32 random bytes in hex
    [ -s "$1" ] || (umask 077 && head -c 32 /dev/urandom | od -An -tx1 | tr -d ' \n' >"$1")
}

gx_pg_start() {
    local dir run
    dir=$(mkdir -p "$1" && cd "$1" && pwd)
    run=$(gx_run_dir "$dir")
    mkdir -p "$dir/secrets" "$dir/log" && chmod 700 "$dir/secrets"
    gx_secret "$dir/secrets/postgres"
    if [ "$(id -u)" -eq 0 ]; then
        chown postgres "$run"
    fi
    chmod 755 "$run"
    if [ ! -e "$dir/pg/PG_VERSION" ]; then
        gx_pg_folder "$dir"
        local pw
        pw=$(mktemp)
        cp "$dir/secrets/postgres" "$pw"
        [ "$(id -u)" -ne 0 ] || chown postgres "$pw"
        gx_as_postgres "$GX_PG_BIN/initdb" -D "$(readlink -f "$dir/pg")" -U postgres --pwfile="$pw" --auth=scram-sha-256 \
            --encoding=UTF8 --locale=C.UTF-8 >"$dir/log/initdb.log" 2>&1 || { cat "$dir/log/initdb.log" >&2; return 1; }
        rm -f "$pw"
        gx_as_postgres tee -a "$(readlink -f "$dir/pg")/postgresql.conf" >/dev/null <<CONF
listen_addresses = ''
unix_socket_directories = '$run'
port = $GX_PGPORT
max_connections = 300
shared_buffers = 256MB
timezone = 'UTC'
log_timezone = 'UTC'
password_encryption = 'scram-sha-256'
max_wal_size = 2GB
checkpoint_timeout = 15min
log_lock_waits = on
idle_in_transaction_session_timeout = '60s'
CONF
    fi
    (umask 077 && printf '*:*:*:postgres:%s\n' "$(cat "$dir/secrets/postgres")" >"$dir/secrets/pgpass-admin")
    touch "$run/postgres.log"
    [ "$(id -u)" -ne 0 ] || chown postgres "$run/postgres.log"
    ln -sfn "$run/postgres.log" "$dir/log/postgres.log"
    gx_pid_alive "$dir/pg/postmaster.pid" "$(readlink -f "$dir/pg")" || gx_pg_begin "$dir" "$run" || return 1
    GX_PGHOST=$run
    GX_PG="host=$run port=$GX_PGPORT user=postgres dbname=postgres passfile=$dir/secrets/pgpass-admin"
    export GX_PGHOST GX_PGPORT GX_PG
}

# A pid file that was left behind is PostgreSQL's own to judge: while backends of a killed postmaster still write it must not start, so it is
# asked again until they have gone.
gx_pg_begin() { # DIR run
    local i
    for i in $(seq 30); do
        (cd / && gx_as_postgres "$GX_PG_BIN/pg_ctl" -D "$(readlink -f "$1/pg")" -l "$2/postgres.log" -w -t 60 start >/dev/null 2>&1) && return 0
        sleep 0.5
    done
    tail -20 "$1/log/postgres.log" >&2
    return 1
}

# Is the process of that file there, and still the one that wrote it? Numbers are used again; its command line has the word.
gx_pid_alive() { # pid file, word
    local pid
    [ -s "$1" ] || return 1
    pid=$(head -1 "$1")
    [ -n "$pid" ] && tr '\0' ' ' 2>/dev/null <"/proc/$pid/cmdline" | grep -qF -- "$2"
}

gx_pg_stop() {
    [ -e "$1/pg/postmaster.pid" ] || return 0
    (cd / && gx_as_postgres "$GX_PG_BIN/pg_ctl" -D "$(readlink -f "$1/pg")" -m "${2:-fast}" -w -t 60 stop >/dev/null) || true
}

gx_redis_start() {
    local dir run
    dir=$(mkdir -p "$1" && cd "$1" && pwd)
    run=$(gx_run_dir "$dir")
    mkdir -p "$dir/redis" "$dir/log"
    GX_REDIS="unix:$run/redis.sock"
    export GX_REDIS
    gx_pid_alive "$dir/redis/redis.pid" "$run/redis.sock" && return 0
    redis-server --port 0 --unixsocket "$run/redis.sock" --unixsocketperm 700 --daemonize yes --dir "$dir/redis" \
        --pidfile "$dir/redis/redis.pid" --logfile "$dir/log/redis.log" --save '' --appendonly no >/dev/null
    local i
    for i in $(seq 100); do
        [ -S "$run/redis.sock" ] && redis-cli -s "$run/redis.sock" ping >/dev/null 2>&1 && return 0
        sleep 0.05
    done
    tail -20 "$dir/log/redis.log" >&2
    return 1
}

gx_redis_stop() {
    gx_pid_alive "$1/redis/redis.pid" "$(gx_run_dir "$1")/redis.sock" || return 0
    local pid i
    pid=$(head -1 "$1/redis/redis.pid")
    kill "$pid" 2>/dev/null || return 0
    for i in $(seq 100); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.05
    done
    kill -9 "$pid" 2>/dev/null || true
}
