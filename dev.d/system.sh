# shellcheck shell=bash
# Packages of the system: looked for by what they provide, installed with apt-get when missing.

has_library() {
    PATH=$PATH:/usr/sbin:/sbin ldconfig -p 2>/dev/null | grep -F "$1" >/dev/null
}

has_package() {
    # elsewhere than on Debian fonts are left to the user
    command -v dpkg-query >/dev/null || return 0
    [[ $(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null) == installed ]]
}

find_chromium() {
    local name
    for name in "${CRM_COLLECTION_CHROMIUM:-}" chromium chromium-browser google-chrome; do
        [[ $name ]] && command -v "$name" && return
    done
    return 1
}

# the packages without which nothing runs
missing_required() {
    { find_python && has_venv "$PYTHON_BIN"; } || printf '%s\n' python3 python3-venv
    pg_is_external || find_pg_bindir >/dev/null || echo postgresql
}

# the packages without which a letter has no PDF, or the browser tests do not run
missing_useful() {
    find_chromium >/dev/null || echo chromium
    has_library libpango-1.0.so.0 || echo libpango-1.0-0
    has_library libpangoft2-1.0.so.0 || echo libpangoft2-1.0-0
    has_library libharfbuzz-subset.so.0 || echo libharfbuzz-subset0
    command -v pdftotext >/dev/null || echo poppler-utils
    has_package fonts-dejavu-core || echo fonts-dejavu-core
    has_package fonts-liberation || echo fonts-liberation
}

can_install() {
    command -v apt-get >/dev/null && { [[ $IS_ROOT ]] || command -v sudo >/dev/null; }
}

as_root() {
    if [[ $IS_ROOT ]]; then
        "$@"
    else
        sudo "$@"
    fi
}

apt_install() {
    local log=$CACHE/log/apt-install.log
    say "Installing with apt-get: $*"
    [[ $IS_ROOT ]] || note "sudo may ask for your password"
    as_root apt-get update -q >"$log" 2>&1 || note "apt-get update had problems: $log"
    as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "$@" \
        </dev/null 2>&1 | tee -a "$log" | show_steps 's/^Setting up \([^ ]*\).*/\1/p'
}

# system_packages strict|lenient: lenient goes on without what is only useful
system_packages() {
    local required useful
    mapfile -t required < <(missing_required)
    mapfile -t useful < <(missing_useful)
    ((${#required[@]} + ${#useful[@]})) || return 0
    if can_install; then
        apt_install "${required[@]}" "${useful[@]}" || true
        mapfile -t required < <(missing_required)
        mapfile -t useful < <(missing_useful)
    fi
    if ((${#required[@]})) || [[ $1 == strict && ${#useful[@]} -gt 0 ]]; then
        fail "missing: ${required[*]} ${useful[*]}; as root run: apt-get install" \
            "${required[*]} ${useful[*]}"
    fi
    if ((${#useful[@]})); then
        say "Going on without: ${useful[*]} (letters may lack their PDF, browser tests will not run)"
    fi
}
