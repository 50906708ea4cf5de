# shellcheck shell=bash
# Tests, lint, measuring tools, translations.

# names a file, a folder or a test in one
is_test_path() {
    [[ $1 != -* && -e ${1%%::*} ]]
}

# One process of tests for each core, each with a copy of the database (made by pytest-odoo with
# createdb, which a server elsewhere does not bring along); more than four only wait for the disk.
test_processes() {
    local cores=1
    ! command -v createdb >/dev/null || cores=$(nproc)
    echo $((cores < 4 ? cores : 4))
}

command_test() {
    local argument paths=() parallel=()
    cd "$ROOT" || return
    for argument in crm_collection tests; do
        [[ ! -e $argument ]] || paths+=("$argument")
    done
    for argument in "$@"; do
        if is_test_path "$argument"; then
            paths=()
        fi
    done
    prepare strict
    take_lock test-database
    prepare_test_database
    if ((${#paths[@]} && $(test_processes) > 1)); then
        # classes stay together: what they set up is dear
        parallel=(-n "$(test_processes)" --dist loadscope)
    fi
    say "Running the tests"
    run_python -m pytest --odoo-database="$TEST_DB" --odoo-http --odoo-log-level=warn \
        "${parallel[@]}" "${paths[@]}" "$@" 9>&-
}

# pylint-odoo, without what the house does otherwise: the one README is at the root, a model may
# be split over several files, a method of another name or a hook without result may call super, a
# method may name `_ = self.env._` once (ruff bans the global one); tests build SQL, commit in
# transactions of their own and raise errors that nobody translates
lint_odoo() {
    local off=missing-readme,consider-merging-classes-inherited,prefer-env-translation status=0
    off+=,super-method-mismatch,missing-return
    run_python -m pylint --disable="$off" --ignore=tests crm_collection || status=1
    off+=,sql-injection,translation-required,invalid-commit
    [[ ! -d crm_collection/tests ]] ||
        run_python -m pylint --disable="$off" crm_collection/tests || status=1
    return $status
}

command_lint() {
    local failed='' scripts=(dev dev.d/*.sh .ci/run)
    take_lock set-up
    python_environment
    drop_lock
    cd "$ROOT" || return
    say "ruff"
    run_python -m ruff check . || failed+=' ruff'
    say "pylint-odoo"
    lint_odoo || failed+=' pylint-odoo'
    if command -v shellcheck >/dev/null; then
        say "shellcheck"
        shellcheck --external-sources "${scripts[@]}" || failed+=' shellcheck'
    else
        note "shellcheck is not installed: the bash files are only parsed"
        bash -n "${scripts[@]}" || failed+=' bash'
    fi
    [[ ! $failed ]] || fail "lint found something:$failed"
    say "Lint is clean"
}

# exec_tool PACKAGE ARGUMENTS...: stays in the caller's folder, so that file names mean the same
exec_tool() {
    prepare strict
    take_lock test-database
    prepare_template
    drop_lock
    exec "$VENV/bin/python" -P -m "tools.$1" "${@:2}"
}

command_bench() {
    exec_tool bench "$@"
}

command_replay() {
    exec_tool replay "$@"
}

command_screenshots() {
    exec_tool screenshots "$@"
}

command_i18n() {
    local template
    prepare lenient
    take_lock test-database
    prepare_test_database
    template=$CACHE/log/crm_collection.pot
    say "Exporting the terms of crm_collection"
    run_logged "$CACHE/log/i18n.log" run_python -m odoo i18n export -c "$ODOO_RC" -d "$TEST_DB" \
        -o "$template" crm_collection || fail "the export failed: $CACHE/log/i18n.log"
    run_python "$ROOT/dev.d/translations.py" "$template" "$ROOT/crm_collection/i18n" "$@"
}
