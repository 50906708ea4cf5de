# shellcheck shell=bash
# Tests, measuring tools, translations.

# names a file, a folder or a test in one
is_test_path() {
    [[ $1 != -* && -e ${1%%::*} ]]
}

# One process of tests for each core, each with a copy of the database (made by pytest-odoo with
# createdb, which a server elsewhere does not bring along); more than four only wait for the disk.
# One more than there are cores takes longer: each begins with empty caches, and what is waited for,
# a browser or PostgreSQL, needs the cores itself.
test_processes() {
    local cores=0
    ! command -v createdb >/dev/null || cores=$(nproc)
    echo $((cores < 4 ? cores : 4))
}

# A failure is the test's to tell, which tries again.
make_first_version() {
    run_python tests/first_version.py >"$CACHE/log/first-version.log" 2>&1 9>&- || true
}

command_test() {
    local argument paths=() parallel=()
    cd "$ROOT" || return
    for argument in tests crm_collection; do # those that take longest first
        [[ ! -e $argument ]] || paths+=("$argument")
    done
    for argument in "$@"; do
        if is_test_path "$argument"; then
            paths=()
        fi
    done
    prepare strict
    take_lock test-database
    prepare_template
    if ((${#paths[@]})); then
        make_first_version & # beside what follows: each of them needs one core
    fi
    prepare_test_database
    wait
    if ((${#paths[@]} && $(test_processes) > 1)); then
        # classes stay together: what they set up is dear. In the order of the paths: few tests in
        # a file say nothing of how long they take, and the last ones keep one process alone busy
        parallel=(-n "$(test_processes)" --dist loadscope --no-loadscope-reorder)
    fi
    say "Running the tests"
    node_environment
    export CRM_COLLECTION_AXE=$AXE
    # for the tools that are tried, each with a database of its own
    export CRM_COLLECTION_INSTALLED_DB=$TEST_DB
    run_python -m pytest --odoo-database="$TEST_DB" --odoo-http --odoo-log-level=warn \
        "${parallel[@]}" "${paths[@]}" "$@" 9>&-
}

# exec_tool PACKAGE ARGUMENTS...: stays in the caller's folder, so that file names mean the same
exec_tool() {
    prepare strict
    take_lock test-database
    prepare_template
    drop_lock
    exec "$VENV/bin/python" -P -m "tools.$1" "${@:2}"
}

command_mutate() {
    cd "$ROOT" || return
    prepare strict
    take_lock test-database
    prepare_test_database
    CRM_COLLECTION_TEST_DB=$TEST_DB run_tool mutate "$@" 9>&-
}

command_bench() {
    exec_tool bench "$@"
}

command_soak() {
    exec_tool soak "$@"
}

command_replay() {
    exec_tool replay "$@"
}

# Add-ons of others, in a folder of their own: they are nobody's but this command's.
command_neighbours() {
    local wanted=$ROOT/tools/neighbours/requirements.txt folder
    prepare strict
    take_lock test-database
    prepare_test_database
    folder=$CACHE/neighbours-$(hash_of <"$wanted")
    if [[ ! -e $folder/complete ]]; then
        say "Fetching the neighbours (once)"
        rm -rf "$folder"
        run_logged "$CACHE/log/neighbours.log" run_python -m pip install --quiet --no-input \
            --disable-pip-version-check --no-deps --target "$folder" -r "$wanted" ||
            fail "pip could not fetch them: $CACHE/log/neighbours.log"
        touch "$folder/complete"
    fi
    drop_lock
    export CRM_COLLECTION_NEIGHBOURS=$folder CRM_COLLECTION_INSTALLED_DB=$TEST_DB
    run_tool neighbours "$@"
}

command_screenshots() {
    exec_tool screenshots "$@"
}

command_axe() {
    cd "$ROOT" || return
    prepare strict
    node_environment
    export CRM_COLLECTION_AXE=$AXE
    run_tool axe "$@"
}

# refresh_terms MODULE DATABASE [--check]
refresh_terms() {
    local template=$CACHE/log/$1.pot
    say "Exporting the terms of $1"
    run_logged "$CACHE/log/i18n.log" run_python -m odoo i18n export -c "$ODOO_RC" -d "$2" \
        -o "$template" "$1" || fail "the export failed: $CACHE/log/i18n.log"
    run_python "$ROOT/dev.d/translations.py" "$template" "$ROOT/$1/i18n" "${@:3}"
}

command_readme() {
    prepare_linters
    (cd "$ROOT" && run_python -m tools.readme "$@")
}

command_banner() {
    prepare strict
    run_tool banner "$@"
}

command_history() {
    prepare_linters
    (cd "$ROOT" && run_python -m tools.readme.history "$@")
}

command_i18n() {
    local status=0
    prepare lenient
    take_lock test-database
    prepare_test_database
    refresh_terms crm_collection "$TEST_DB" "$@" || status=1
    prepare_beside crm_collection_sale "$SALE_DB"
    refresh_terms crm_collection_sale "$SALE_DB" "$@" || status=1
    prepare_beside crm_collection_sale_stock "$SALE_STOCK_DB"
    refresh_terms crm_collection_sale_stock "$SALE_STOCK_DB" "$@" || status=1
    prepare_beside crm_collection_sms "$SMS_DB"
    refresh_terms crm_collection_sms "$SMS_DB" "$@" || status=1
    prepare_beside crm_collection_snailmail "$SNAILMAIL_DB"
    refresh_terms crm_collection_snailmail "$SNAILMAIL_DB" "$@" || status=1
    prepare_beside crm_collection_queue_job "$QUEUE_DB"
    refresh_terms crm_collection_queue_job "$QUEUE_DB" "$@" || status=1
    return $status
}
