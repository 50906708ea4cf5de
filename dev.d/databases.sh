# shellcheck shell=bash
# Odoo's configuration file and the databases made from templates.

readonly TEST_DB=crm_collection_test
# the same with one of the modules beside it
readonly SALE_DB=crm_collection_sale_test SMS_DB=crm_collection_sms_test
readonly SALE_STOCK_DB=crm_collection_sale_stock_test
readonly SNAILMAIL_DB=crm_collection_snailmail_test
readonly QUEUE_DB=crm_collection_queue_job_test
TEMPLATE_DB=''

# prepare strict|lenient: everything that a command needs, and the variables that tell it where
prepare() {
    take_lock set-up
    system_packages "$1"
    python_environment
    require_odoo
    other_addons
    require_postgres
    write_configuration
    export_variables
    drop_lock
}

write_configuration() {
    local folder
    # several copies of the repository may share the cache
    folder=$CACHE/conf-$(hash_of <<<"$ROOT")
    mkdir -p "$folder" "$DATA_DIR"
    export ODOO_RC=$folder/odoo.conf
    cat >"$ODOO_RC" <<CONF
[options]
addons_path = $ODOO_ADDONS,$ROOT
data_dir = $DATA_DIR
db_host = ${PGHOST:-False}
db_port = ${PGPORT:-False}
db_user = ${PGUSER:-False}
http_interface = 127.0.0.1
CONF
}

export_variables() {
    export CRM_COLLECTION_ADDONS_PATH=$ODOO_ADDONS,$ROOT
    export CRM_COLLECTION_DATA_DIR=$DATA_DIR
    export CRM_COLLECTION_CACHE=$CACHE
    export PYTHONPATH=$ROOT:$ODOO_HOME:$OTHER_ADDONS
    CRM_COLLECTION_CHROMIUM=$(find_chromium || true)
    export CRM_COLLECTION_CHROMIUM
}

run_python() {
    "$VENV/bin/python" "$@"
}

# run_tool PACKAGE ARGUMENTS...: a package of tools/, whatever the caller's folder holds
run_tool() {
    run_python -P -m "tools.$1" "${@:2}"
}

database() {
    run_python "$ROOT/tools/databases.py" "$@"
}

# install DATABASE LOG OPTIONS...: run Odoo until its modules are loaded
install() {
    local name=$1 log=$2
    shift 2
    run_python -m odoo -d "$name" --no-http --stop-after-init --max-cron-threads=0 "$@" \
        </dev/null 2>&1 | tee "$log" |
        show_steps 's/.*Loading module \([^ ]*\) (\([0-9/]*\)).*/module \2 \1/p' ||
        { grep -E ' (ERROR|CRITICAL) ' -A 40 "$log" | tail -n 60 >&2; fail "Odoo failed: $log"; }
}

build_web_files() {
    local log=$CACHE/log/web-files.log
    say "Building the web client's files"
    run_logged "$log" run_tool demo "$1" --prepare ||
        fail "the web client's files could not be built: $log"
}

# module_hash [MODULE]: what would make it behave differently in the database, if it changed
module_hash() {
    local name=${1:-crm_collection}
    (cd "$ROOT" && find "$name" -type f -not -path "$name/tests/*" \
        -not -path "$name/static/*" -not -name '*.pyc' -print0 |
        LC_ALL=C sort -z | xargs -0 sha256sum | hash_of)
}

module_depends() {
    run_python -c 'import ast, sys; print(*ast.literal_eval(sys.stdin.read())["depends"], sep=",")' \
        <"$ROOT/crm_collection/__manifest__.py"
}

# What Odoo tells a version of the web client's files by: without a bundle of the same one each tour
# would build its own, and forget it at its end.
web_files_hash() {
    (cd "$ROOT" && find crm_collection/static -type f -printf '%p %T@\n' | LC_ALL=C sort | hash_of)
}

# What a database was made with. The folder of its files is part of it: a server named in the
# environment may serve several caches.
mark_base() {
    echo "$DATA_DIR $ODOO_VERSION $LOCK_HASH"
}

copy_database() {
    local filestore=$DATA_DIR/filestore
    database copy "$1" "$2"
    rm -rf "${filestore:?}/$2"
    if [[ -d $filestore/$1 ]]; then
        cp -a --reflink=auto "$filestore/$1" "$filestore/$2"
    fi
}

drop_database() {
    database drop "$1"
    rm -rf "$DATA_DIR/filestore/${1:?}"
}

# A database with the modules that crm_collection depends on, without demo data
prepare_template() {
    local depends key
    depends=$(module_depends)
    key="$(mark_base) $depends"
    TEMPLATE_DB=crm_collection_template_$(hash_of <<<"$key")
    export CRM_COLLECTION_TEMPLATE_DB=$TEMPLATE_DB
    [[ $(database show "$TEMPLATE_DB") != "$key" ]] || return 0
    say "Making the template database: $depends (once)"
    drop_database "$TEMPLATE_DB"
    install "$TEMPLATE_DB" "$CACHE/log/template.log" -i "$depends" --load-language=en_US,pt_BR
    database mark "$TEMPLATE_DB" "$key"
}

prepare_test_database() {
    local key files known log=$CACHE/log/test-install.log
    prepare_template
    key="$TEMPLATE_DB $(module_hash)"
    files=$(web_files_hash)
    known=$(database show "$TEST_DB")
    [[ $known != "$key $files" ]] || return 0
    if [[ $known != "$key "* ]]; then
        say "Installing crm_collection in $TEST_DB (it changed since the last time)"
        copy_database "$TEMPLATE_DB" "$TEST_DB"
        install "$TEST_DB" "$log" -i crm_collection
        if grep -E '^[0-9-]+ [0-9:,]+ [0-9]+ (WARNING|ERROR|CRITICAL) ' -A 5 "$log" >&2; then
            fail "installing crm_collection logged the warnings above; the whole log: $log"
        fi
    fi
    build_web_files "$TEST_DB"
    database mark "$TEST_DB" "$key $files"
}

# prepare_beside MODULE DATABASE: its tests make a database of their own (tests/test_beside.py); this one
# is for its terms.
prepare_beside() {
    local key
    key="$(database show "$TEST_DB") $(module_hash "$1")"
    [[ $(database show "$2") != "$key" ]] || return 0
    say "Installing $1 in $2 (it changed since the last time)"
    copy_database "$TEST_DB" "$2"
    install "$2" "$CACHE/log/$1-install.log" -i "$1"
    database mark "$2" "$key"
}
