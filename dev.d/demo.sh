# shellcheck shell=bash
# The demo database, its mail sink, and the web client on it.

readonly DEMO_DB=crm_collection_demo
MAIL_DIR=$CACHE/mail/$DEMO_DB
SINK_PORT=''
WEB_PORT=''

free_port() {
    run_python - "$1" <<'PYTHON'
import socket
import sys

for port in range(int(sys.argv[1]), int(sys.argv[1]) + 100):
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        print(port)
        break
PYTHON
}

prepare_demo_database() {
    local fresh=$1 base current log=$CACHE/log/demo-install.log
    base=$(mark_base)
    current=$(database show "$DEMO_DB")
    if [[ $fresh || $current != "$base "* ]]; then
        say "Making the demo database $DEMO_DB (once)"
        drop_database "$DEMO_DB"
        rm -rf "$MAIL_DIR"
        install "$DEMO_DB" "$log" -i crm_collection --with-demo --load-language=en_US,pt_BR
        build_web_files "$DEMO_DB"
    elif [[ $current != "$base $(module_hash)" ]]; then
        say "Updating crm_collection in $DEMO_DB (./dev demo --fresh starts anew)"
        install "$DEMO_DB" "$log" -u crm_collection
    fi
    database mark "$DEMO_DB" "$base $(module_hash)"
}

start_sink() {
    SINK_PORT=$(free_port 8025)
    mkdir -p "$MAIL_DIR"
    # not through a function: $! must be the sink itself
    "$VENV/bin/python" "$ROOT/tools/smtp_sink.py" --port "$SINK_PORT" --dir "$MAIL_DIR" \
        >"$CACHE/log/smtp-sink.log" 2>&1 </dev/null 9>&- &
    # shellcheck disable=SC2064 # the process of now
    trap "kill $! 2>/dev/null || true" EXIT
}

serve() {
    local log=$CACHE/log/odoo.log server status=0
    say "Starting the web client"
    note "its log: $log"
    "$VENV/bin/python" -m odoo -d "$DEMO_DB" --db-filter="^$DEMO_DB\$" --no-database-list \
        --http-port="$WEB_PORT" --logfile="$log" </dev/null &
    server=$!
    # the terminal sends Ctrl-C to the server too
    trap : INT
    # shellcheck disable=SC2064 # the process of now
    trap "kill $server" TERM
    "$VENV/bin/python" "$ROOT/dev.d/announce.py" "http://localhost:$WEB_PORT" "$server" &
    # a signal ends `wait`, not the server
    until wait "$server"; do
        status=$?
        kill -0 "$server" 2>/dev/null || break
    done
    ((status == 0 || status > 128)) || { tail -n 5 "$log" >&2; fail "the server ended: $log"; }
    say "Stopped"
}

# start_demo FRESH: the database, the mail sink and the ports
start_demo() {
    prepare lenient
    take_lock demo-database
    prepare_demo_database "$1"
    WEB_PORT=$(free_port 8069)
    start_sink
}

command_demo() {
    local fresh='' serve=yes argument
    for argument in "$@"; do
        case $argument in
            --fresh) fresh=yes ;;
            --no-serve) serve='' ;;
            *) fail "demo does not know '$argument' (--no-serve, --fresh)" ;;
        esac
    done
    start_demo "$fresh"
    say "Running the jobs"
    run_tool demo "$DEMO_DB" --run --smtp-port "$SINK_PORT" --url "http://localhost:$WEB_PORT" \
        --mail-dir "$MAIL_DIR"
    drop_lock
    if [[ $serve ]]; then
        serve
    fi
}

command_serve() {
    start_demo ''
    run_tool demo "$DEMO_DB" --connect --smtp-port "$SINK_PORT" --url "http://localhost:$WEB_PORT"
    drop_lock
    serve
}

command_shell() {
    prepare lenient
    take_lock demo-database
    prepare_demo_database ''
    drop_lock
    run_python -m odoo shell -d "$DEMO_DB" --no-http --log-level=warn "$@"
}
