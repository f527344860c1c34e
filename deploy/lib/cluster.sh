# A whole genxi cluster in one folder: configuration, keys, servers, supervised services. Source it after servers.sh.
#   gx_cluster_up DIR     everything, from nothing if need be; returns when the cluster is ready
#   gx_cluster_down DIR   stops what it started, by process id
# Ports (settable): GENXI_HTTPS_PORT 8443, GENXI_DC09_PORT 8809 and GENXI_JT808_PORT 8808 (0: off), GENXI_ADMIN_BASE 9600 and the following. Binaries: GENXI_BIN (default build/bin).
# More settings for services: lines of DIR/extra.conf, in the form of the settings file, win over the generated ones.

GX_SERVICES="readiness intake matcher notifier intel-share audit gateway"
GX_BROKERS="a b"

gx_schema() { # service -> schema and tail of its role
    case $1 in intel-share) printf intel ;; *) printf '%s' "$1" ;; esac
}

gx_admin_port() { # broker-a, broker-b, then the services in order
    local n=0 name
    for name in broker-a broker-b $GX_SERVICES; do
        [ "$name" = "$1" ] && { echo $((${GENXI_ADMIN_BASE:-9600} + n)); return; }
        n=$((n + 1))
    done
}

gx_write_config() {
    local dir=$1 run=$2 name schema brokers=""
    for name in $GX_BROKERS; do
        brokers="$brokers${brokers:+,}ipc://$run/broker-$name"
    done
    {
        cat <<CONF
# Made by deploy/local; settings of your own belong into extra.conf beside it.
[common]
redis = unix:$run/redis.sock
brokers = $brokers
key_dir = $dir/keys
admin_bind = 127.0.0.1
CONF
        for name in $GX_SERVICES; do
            schema=$(gx_schema "$name")
            printf '\n[%s]\npostgres = host=%s port=%s dbname=genxi user=genxi_%s passfile=%s/secrets/pgpass\nadmin_port = %s\n' \
                "$name" "$run" "$GX_PGPORT" "$schema" "$dir" "$(gx_admin_port "$name")"
        done
        printf '\n[gateway]\nhttps_port = %s\ntls_cert = %s/keys/tls/server.crt\ntls_key = %s/keys/tls/server.key\n' \
            "${GENXI_HTTPS_PORT:-8443}" "$dir" "$dir"
        printf 'dc09_port = %s\njt808_port = %s\n' "${GENXI_DC09_PORT:-8809}" "${GENXI_JT808_PORT:-8808}"
        [ ! -e "$dir/demo.conf" ] || cat "$dir/demo.conf"
        [ ! -e "$dir/extra.conf" ] || cat "$dir/extra.conf"
    } >"$dir/genxi.conf.new"
    mv "$dir/genxi.conf.new" "$dir/genxi.conf"
}

gx_start_one() { # DIR name command...
    local dir=$1 name=$2
    shift 2
    if gx_pid_alive "$dir/pids/$name.supervisor" "$dir/pids/$name"; then
        return 0
    fi
    mkdir -p "$dir/pids" "$dir/log"
    setsid "$(dirname "${BASH_SOURCE[0]}")/supervise" "$dir/pids/$name" "$dir/log/$name.log" "$@" </dev/null >/dev/null 2>&1 &
    disown
}

gx_ready() { # admin port
    curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$1/readyz" 2>/dev/null
}

gx_wait_ready() { # DIR seconds
    local dir=$1 deadline=$((SECONDS + $2)) name
    for name in broker-a broker-b $GX_SERVICES; do
        until gx_ready "$(gx_admin_port "$name")"; do
            if [ $SECONDS -ge $deadline ]; then
                echo "$name is not ready: $(curl -s -m 2 "http://127.0.0.1:$(gx_admin_port "$name")/readyz")" >&2
                tail -5 "$dir/log/$name.log" >&2
                return 1
            fi
            sleep 0.1
        done
    done
}

gx_cluster_up() {
    local dir run bin name
    dir=$(mkdir -p "$1" && cd "$1" && pwd)
    bin=${GENXI_BIN:?}
    gx_pg_start "$dir"
    gx_redis_start "$dir"
    run=$GX_PGHOST
    "$bin/genxi" keys init --dir "$dir" --host "${GENXI_HOST:-localhost}"
    "$bin/genxi" migrate --postgres "$GX_PG" --schema "$bin/../schema" --secrets "$dir/secrets"
    gx_write_config "$dir" "$run"
    (umask 077 && printf '%s dbname=genxi\n' "$GX_PG" >"$dir/admin.conninfo")
    [ -s "$dir/secrets/admin.key" ] || (umask 077 && "$bin/genxi" keys api --dir "$dir" --roles admin --name local >"$dir/secrets/admin.key.new" &&
        mv "$dir/secrets/admin.key.new" "$dir/secrets/admin.key")
    for name in $GX_BROKERS; do
        gx_start_one "$dir" "broker-$name" "$bin/genxi-broker" --config="$dir/genxi.conf" \
            --bind="ipc://$run/broker-$name" --admin-port="$(gx_admin_port "broker-$name")"
    done
    for name in $GX_SERVICES; do
        gx_start_one "$dir" "$name" "$bin/genxi-$name" --config="$dir/genxi.conf"
    done
    gx_wait_ready "$dir" "${GENXI_READY_SECONDS:-60}"
}

gx_stop_one() { # DIR name
    local pid file=$1/pids/$2.supervisor i
    gx_pid_alive "$file" "$1/pids/$2" || return 0
    pid=$(cat "$file")
    kill -TERM "$pid" 2>/dev/null || return 0
    for i in $(seq 150); do
        kill -0 "$pid" 2>/dev/null || return 0
        sleep 0.1
    done
    ! gx_pid_alive "$1/pids/$2" "$1/" || kill -9 "$(cat "$1/pids/$2")" 2>/dev/null || true
    kill -9 "$pid" 2>/dev/null || true
}

gx_cluster_down() {
    local dir=$1 name
    [ -d "$dir" ] || return 0
    dir=$(cd "$dir" && pwd)
    for name in gateway; do gx_stop_one "$dir" "$name"; done
    for name in $GX_SERVICES; do gx_stop_one "$dir" "$name" & done
    wait
    for name in $GX_BROKERS; do gx_stop_one "$dir" "broker-$name"; done
    gx_redis_stop "$dir"
    gx_pg_stop "$dir"
}

gx_cluster_status() {
    local dir=$1 name state
    for name in broker-a broker-b $GX_SERVICES; do
        if ! gx_pid_alive "$dir/pids/$name" "$dir/"; then
            state="down"
        elif gx_ready "$(gx_admin_port "$name")"; then
            state="ready"
        else
            state="up, not ready"
        fi
        printf '%-14s %-14s pid %-8s admin port %s\n' "$name" "$state" "$(cat "$dir/pids/$name" 2>/dev/null || echo -)" "$(gx_admin_port "$name")"
    done
}
