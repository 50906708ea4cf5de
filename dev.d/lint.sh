# shellcheck shell=bash
# The linters: each is a function lint_NAME that looks at the whole repository.

# all of them; .pre-commit-config.yaml has a hook for each, which ./dev lint makes sure of
readonly LINTERS=(ruff pylint-odoo prettier eslint shellcheck)

# what of pylint-odoo the house does otherwise
readonly ODOO_CHECKS_OFF=(
    consider-merging-classes-inherited # a model may be split over several files
    prefer-env-translation             # a method may name `_ = self.env._` once (ruff bans the global one)
    super-method-mismatch              # a method of another name may call super past an override
    missing-return                     # a hook without result may call super
)
# and in tests
readonly ODOO_CHECKS_OFF_IN_TESTS=(
    sql-injection        # they build SQL
    invalid-commit       # they commit in transactions of their own
    translation-required # they raise errors that nobody translates
)

lint_ruff() {
    run_python -m ruff check .
}

join() {
    local IFS=,
    echo "$*"
}

lint_pylint_odoo() {
    local tests off=("${ODOO_CHECKS_OFF[@]}") status=0
    run_python -m pylint --disable="$(join "${off[@]}")" --ignore=tests "${MODULES[@]}" || status=1
    off+=("${ODOO_CHECKS_OFF_IN_TESTS[@]}")
    for tests in "${MODULES[@]/%//tests}"; do
        [[ ! -d $tests ]] ||
            run_python -m pylint --disable="$(join "${off[@]}")" "$tests" || status=1
    done
    return $status
}

lint_prettier() {
    run_node prettier --check --log-level warn . && return
    note "./dev format lays them out"
    return 1
}

lint_eslint() {
    run_node eslint --max-warnings 0 .
}

lint_shellcheck() {
    local scripts=(dev dev.d/*.sh .ci/run)
    if command -v shellcheck >/dev/null; then
        shellcheck --external-sources "${scripts[@]}"
    else
        note "it is not installed: the bash files are only parsed"
        bash -n "${scripts[@]}"
    fi
}

is_linter() {
    [[ " ${LINTERS[*]} " == *" $1 "* ]]
}

hooks_are_linters() {
    local hooks
    mapfile -t hooks < <(sed -n 's|^ *entry: \./dev lint ||p' .pre-commit-config.yaml)
    [[ ${hooks[*]} == "${LINTERS[*]}" ]] && return
    note ".pre-commit-config.yaml runs: ${hooks[*]}"
    note "./dev lint runs:              ${LINTERS[*]}"
    return 1
}

prepare_linters() {
    take_lock set-up
    python_environment
    node_environment
    drop_lock
    cd "$ROOT" || return
}

# command_lint [LINTER...]: all of them unless some are named
command_lint() {
    local name failed='' chosen=("$@")
    for name in "$@"; do
        is_linter "$name" || fail "there is no linter '$name': ${LINTERS[*]}"
    done
    prepare_linters
    if ((! $#)); then
        chosen=("${LINTERS[@]}")
        hooks_are_linters || failed+=' hooks'
    fi
    for name in "${chosen[@]}"; do
        say "$name"
        "lint_${name//-/_}" || failed+=" $name"
    done
    [[ ! $failed ]] || fail "lint found something:$failed"
    say "Lint is clean"
}

# what the linters can mend by themselves
command_format() {
    prepare_linters
    run_python -m ruff check --fix .
    run_node eslint --fix .
    run_node prettier --write --log-level warn .
    git --no-pager diff --stat || true
}
