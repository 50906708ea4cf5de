# shellcheck shell=bash
# The demo databases, their mail sink, and the web client on them.

DEMO_DB=crm_collection_demo
DEMO_COUNTRY='' # empty: the module's demonstration data; br: what tools/demo/brazil makes
MAIL_DIR=$CACHE/mail/$DEMO_DB
SINK_PORT=''
WEB_PORT=''
DEMO_IS_NEW=''

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

# choose_demo COUNTRY: each country has a database of its own
choose_demo() {
    case $1 in
        br) ;;
        *) fail "there is no demonstration of '$1' (--country br)" ;;
    esac
    DEMO_COUNTRY=$1
    DEMO_DB=crm_collection_demo_$1
    MAIL_DIR=$CACHE/mail/$DEMO_DB
}

# what Odoo installs a demo database with
demo_options() {
    if [[ $DEMO_COUNTRY ]]; then
        echo "-i crm_collection,l10n_$DEMO_COUNTRY --load-language=en_US,pt_BR"
    else
        echo "-i crm_collection --with-demo --load-language=en_US,pt_BR"
    fi
}

demo_mark() {
    echo "$(mark_base) $(module_hash)"
}

prepare_demo_database() {
    local fresh=$1 base current options log=$CACHE/log/demo-install.log
    base=$(mark_base)
    current=$(database show "$DEMO_DB")
    if [[ $fresh || $current != "$base "* ]]; then
        say "Making the demo database $DEMO_DB (once)"
        drop_database "$DEMO_DB"
        rm -rf "$MAIL_DIR"
        read -ra options <<<"$(demo_options)"
        install "$DEMO_DB" "$log" "${options[@]}"
        build_web_files "$DEMO_DB"
        DEMO_IS_NEW=yes
    elif [[ $current != "$(demo_mark)" ]]; then
        say "Updating crm_collection in $DEMO_DB (./dev demo --fresh starts anew)"
        install "$DEMO_DB" "$log" -u crm_collection
    fi
}

# what a country's demonstration has behind it
stage_demo() {
    [[ $DEMO_IS_NEW && $DEMO_COUNTRY ]] || return 0
    say "Living through twelve weeks (once)"
    run_demo_tool --stage
}

# run_demo_tool OPTIONS...: with the mail sink and the address of the web client
run_demo_tool() {
    run_tool demo "$DEMO_DB" --smtp-port "$SINK_PORT" --url "http://localhost:$WEB_PORT" \
        ${DEMO_COUNTRY:+--country "$DEMO_COUNTRY"} "$@"
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
    stage_demo
    database mark "$DEMO_DB" "$(demo_mark)"
}

command_demo() {
    local fresh='' serve=yes
    while (($#)); do
        case $1 in
            --fresh) fresh=yes ;;
            --no-serve) serve='' ;;
            --country) choose_demo "${2:-}" && shift ;;
            --country=*) choose_demo "${1#*=}" ;;
            *) fail "demo does not know '$1' (--no-serve, --fresh, --country br)" ;;
        esac
        shift
    done
    start_demo "$fresh"
    say "Running the jobs"
    run_demo_tool --run --mail-dir "$MAIL_DIR"
    drop_lock
    if [[ $serve ]]; then
        serve
    fi
}

command_serve() {
    while (($#)); do
        case $1 in
            --country) choose_demo "${2:-}" && shift ;;
            --country=*) choose_demo "${1#*=}" ;;
            *) fail "serve does not know '$1' (--country br)" ;;
        esac
        shift
    done
    start_demo ''
    run_demo_tool --connect
    drop_lock
    serve
}

command_shell() {
    prepare lenient
    take_lock demo-database
    prepare_demo_database ''
    database mark "$DEMO_DB" "$(demo_mark)"
    drop_lock
    run_python -m odoo shell -d "$DEMO_DB" --no-http --log-level=warn "$@"
}
