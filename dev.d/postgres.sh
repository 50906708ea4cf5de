# shellcheck shell=bash disable=SC2034 # the variables are used by the other parts
# PostgreSQL: the server named in the environment, else a private cluster in the cache. The
# cluster listens on a socket in a folder that only its owner may enter, and trades safety
# against power cuts for speed: after one it is made again, as is what it holds.

DATA_DIR='' # Odoo's files, which belong to one server's databases

pg_is_external() {
    [[ ${PGHOST:-}${PGPORT:-}${PGSERVICE:-} && ${PGHOST:-} != "$CACHE"/* ]]
}

find_pg_bindir() {
    local folder
    for folder in $(printf '%s\n' /usr/lib/postgresql/*/bin | sort -rV) \
        "$(dirname "$(command -v initdb 2>/dev/null || echo /none/initdb)")"; do
        if [[ -x $folder/initdb && -x $folder/pg_ctl ]]; then
            echo "$folder"
            return
        fi
    done
    return 1
}

# PostgreSQL refuses to run as root
as_pg_owner() {
    if [[ $IS_ROOT ]]; then
        (cd / && runuser -u postgres -- "$@")
    else
        "$@"
    fi
}

pg_paths() {
    PG_BIN=$(find_pg_bindir) || fail "PostgreSQL is missing; as root run: apt-get install postgresql"
    PG_HOME=$CACHE/postgresql-$("$PG_BIN/postgres" --version | grep -oE '[0-9]+' | head -n 1)
    PG_SOCKET=$PG_HOME/socket
    # a socket's path has at most 107 characters
    if ((${#PG_SOCKET} > 90)); then
        PG_SOCKET=/tmp/crm_collection-$EUID-$(hash_of <<<"$PG_HOME")
    fi
}

pg_make_folders() {
    local owner
    owner=$(id -un)
    [[ ! $IS_ROOT ]] || owner=postgres
    id -u "$owner" >/dev/null 2>&1 || fail "there is no user postgres to run PostgreSQL as"
    mkdir -p "$PG_HOME" "$PG_SOCKET"
    [[ -O $PG_SOCKET || $IS_ROOT ]] || fail "$PG_SOCKET belongs to somebody else"
    if [[ $IS_ROOT ]]; then
        chown postgres "$PG_HOME" "$PG_SOCKET"
    fi
    chmod 700 "$PG_HOME" "$PG_SOCKET"
    as_pg_owner test -w "$PG_HOME" ||
        fail "the user $owner cannot reach $PG_HOME; set CRM_COLLECTION_CACHE to a folder it can"
}

pg_write_settings() {
    local memory buffers
    memory=$(awk '/^MemTotal/ { print int($2 / 1024) }' /proc/meminfo)
    buffers=$((memory / 16 > 1024 ? 1024 : memory / 16))
    as_pg_owner tee "$PG_HOME/data/crm_collection.conf" >/dev/null <<CONF
listen_addresses = ''
port = 5432
unix_socket_directories = '$PG_SOCKET'
fsync = off
synchronous_commit = off
full_page_writes = off
shared_buffers = ${buffers}MB
work_mem = 64MB
maintenance_work_mem = $((buffers / 2))MB
max_wal_size = 4GB
jit = off
timezone = 'UTC'
CONF
}

pg_init() {
    say "Making a private PostgreSQL cluster"
    as_pg_owner rm -rf "$PG_HOME/data"
    run_logged "$CACHE/log/initdb.log" as_pg_owner "$PG_BIN/initdb" --pgdata "$PG_HOME/data" \
        --username odoo --auth trust --encoding UTF8 --locale C.UTF-8 --no-sync ||
        fail "initdb failed: $CACHE/log/initdb.log"
    as_pg_owner tee -a "$PG_HOME/data/postgresql.conf" >/dev/null <<<"include 'crm_collection.conf'"
}

pg_launch() {
    pg_write_settings
    boot_id | as_pg_owner tee "$PG_HOME/boot_id" >/dev/null
    as_pg_owner "$PG_BIN/pg_ctl" start --pgdata "$PG_HOME/data" --wait --timeout 60 \
        --log "$PG_HOME/server.log" >/dev/null 2>&1 </dev/null 9>&-
}

boot_id() {
    cat /proc/sys/kernel/random/boot_id 2>/dev/null || echo unknown
}

# Did the machine go down with the cluster running? What was not on the disk yet is lost, and
# nobody knows what that is. A server that was killed is no harm: the system kept what it wrote.
pg_is_torn() {
    [[ $(as_pg_owner cat "$PG_HOME/boot_id" 2>/dev/null) != "$(boot_id)" ]] &&
        ! as_pg_owner env LC_ALL=C "$PG_BIN/pg_controldata" --pgdata "$PG_HOME/data" 2>/dev/null |
            grep -qE '^Database cluster state: +shut down$'
}

# pg_ctl takes for the server whatever has its number: one that was killed and that nobody has
# buried yet, or another program after the machine came up again. A server works in its folder;
# its owner asks, as in a container root may not look into the processes of others.
pg_forget_dead() {
    local pid file=$PG_HOME/data/postmaster.pid
    pid=$(as_pg_owner head -n 1 "$file" 2>/dev/null || true)
    if [[ $pid && -e /proc/$pid &&
        $(as_pg_owner readlink "/proc/$pid/cwd" || true) != "$(readlink -f "$PG_HOME/data")" ]]; then
        as_pg_owner rm -f "$file"
    fi
}

pg_set_aside() {
    say "$1: it is set aside and a new one is made"
    as_pg_owner rm -rf "$PG_HOME/data.broken"
    as_pg_owner mv "$PG_HOME/data" "$PG_HOME/data.broken"
    pg_init
}

pg_running() {
    as_pg_owner "$PG_BIN/pg_ctl" status --pgdata "$PG_HOME/data" >/dev/null 2>&1
}

pg_start_cluster() {
    pg_paths
    pg_make_folders
    pg_forget_dead
    as_pg_owner test -e "$PG_HOME/data/crm_collection.conf" || { pg_init && pg_write_settings; }
    if ! pg_running && pg_is_torn; then
        pg_set_aside "The machine stopped while the private cluster ran"
    fi
    if ! pg_running && ! pg_launch; then
        as_pg_owner tail -n 5 "$PG_HOME/server.log" >&2 || true
        pg_set_aside "The private cluster did not start"
        pg_launch || fail "PostgreSQL does not start: $PG_HOME/server.log"
    fi
    export PGHOST=$PG_SOCKET PGPORT=5432 PGUSER=odoo
    unset PGPASSWORD PGSERVICE
}

require_postgres() {
    if ! pg_is_external; then
        DATA_DIR=$CACHE/data
        pg_start_cluster
        return
    fi
    DATA_DIR=$CACHE/data-$(hash_of <<<"${PGHOST:-} ${PGPORT:-} ${PGSERVICE:-}")
    export PGUSER=${PGUSER:-$(id -un)}
    "$VENV/bin/python" "$ROOT/tools/databases.py" ping ||
        fail "no PostgreSQL answers at ${PGHOST:-the default socket}; correct PGHOST, PGPORT and" \
            "PGUSER, or unset them to use a private cluster"
}

command_stop() {
    if pg_is_external; then
        fail "PGHOST names a server of yours: it is left alone"
    fi
    find_pg_bindir >/dev/null || { say "PostgreSQL is not installed: nothing to stop"; return; }
    pg_paths
    [[ ! -d $PG_HOME ]] || pg_forget_dead
    if [[ -d $PG_HOME ]] && pg_running; then
        say "Stopping the private PostgreSQL cluster"
        as_pg_owner "$PG_BIN/pg_ctl" stop --pgdata "$PG_HOME/data" --mode fast --wait >/dev/null
    else
        say "The private PostgreSQL cluster is not running"
    fi
}
