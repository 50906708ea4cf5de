# shellcheck shell=bash
# A virtual environment made from requirements.lock, one per Python version and lock file.

VENV=''
PYTHON_BIN=''
LOCK_HASH=$(hash_of <"$ROOT/requirements.lock")
readonly LOCK_HASH

is_fitting_python() {
    command -v "$1" >/dev/null &&
        "$1" -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' 2>/dev/null
}

has_venv() {
    "$1" -c 'import ensurepip, venv' 2>/dev/null
}

# What it lacks for an environment comes with a package, which root installs without asking.
is_usable_python() {
    is_fitting_python "$1" &&
        { has_venv "$1" || { [[ $1 == /usr/bin/python3 && $IS_ROOT ]] && can_install; }; }
}

# The distribution's own first: it is built for speed, and does in four fifths of the time what one
# does that was built with the defaults.
find_python() {
    local name check names=(/usr/bin/python3 python3 python3.12 python3.13 python3.11)
    if [[ ${PYTHON:-} ]]; then
        is_fitting_python "$PYTHON" || fail "PYTHON=$PYTHON is not a Python from 3.11 to 3.13"
        names=("$PYTHON")
    fi
    for check in is_usable_python is_fitting_python; do
        for name in "${names[@]}"; do
            if "$check" "$name"; then
                PYTHON_BIN=$name
                return
            fi
        done
    done
    return 1
}

require_python() {
    find_python || { can_install && apt_install python3 python3-venv && find_python; } ||
        fail "no Python from 3.11 to 3.13 found; install one, or name it in PYTHON"
    has_venv "$PYTHON_BIN" && return
    if can_install; then
        apt_install python3-venv || true
    fi
    has_venv "$PYTHON_BIN" ||
        fail "$PYTHON_BIN has no module venv; as root run: apt-get install python3-venv"
}

python_environment() {
    local version
    require_python
    version=$("$PYTHON_BIN" -c 'import sys; print("%d.%d" % sys.version_info[:2])')
    VENV=$CACHE/venv-$version-$LOCK_HASH
    [[ -e $VENV/complete ]] && "$VENV/bin/python" -c '' 2>/dev/null && return
    make_environment "$version"
}

make_environment() {
    local log=$CACHE/log/pip.log
    say "Making the Python $1 environment from requirements.lock (once)"
    rm -rf "$VENV"
    run_logged "$log" "$PYTHON_BIN" -m venv "$VENV" || fail "cannot make a virtual environment: $log"
    "$VENV/bin/python" -m pip install --no-input --disable-pip-version-check --require-hashes \
        -r "$ROOT/requirements.lock" </dev/null 2>&1 | tee "$log" |
        show_steps 's/^Collecting \([^ ]*\).*/\1/p; s/^Installing collected.*/installing/p' ||
        { tail -n 15 "$log" >&2; fail "pip could not install requirements.lock; its output: $log"; }
    touch "$VENV/complete"
}

lock_python() {
    local uv
    require_python
    if ! uv=$(command -v uv); then
        uv=$CACHE/uv/bin/uv
        [[ -x $uv ]] || {
            say "Installing uv (only this command needs it)"
            "$PYTHON_BIN" -m venv "$CACHE/uv"
            "$CACHE/uv/bin/python" -m pip install --quiet --disable-pip-version-check uv
        }
    fi
    say "Resolving requirements.in"
    cd "$ROOT" || return
    "$uv" pip compile --universal --python-version 3.11 --generate-hashes --no-emit-index-url \
        --no-annotate --quiet requirements.in -o requirements.lock
}

command_lock() {
    take_lock set-up
    lock_python
    lock_node
    git --no-pager diff --stat -- requirements.lock package-lock.json || true
}
