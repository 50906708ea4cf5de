# shellcheck shell=bash disable=SC2034 # AXE is used by the other parts
# The linters and axe-core from npm: Node.js of the system, packages from package-lock.json in a
# folder of the cache, one per lock file.

NODE_HOME=''
AXE=''

# the version that package.json asks for
is_fitting_node() {
    command -v node >/dev/null && command -v npm >/dev/null && node -e '
        const [major, minor] = process.versions.node.split(".").map(Number);
        process.exit(major > 18 || (major === 18 && minor >= 18) ? 0 : 1);
    '
}

require_node() {
    is_fitting_node && return
    if can_install; then
        apt_install nodejs npm || true
    fi
    is_fitting_node ||
        fail "no Node.js from 18.18 with npm found; as root run: apt-get install nodejs npm"
}

node_environment() {
    local log=$CACHE/log/npm.log
    require_node
    NODE_HOME=$CACHE/node-$(hash_of <"$ROOT/package-lock.json")
    AXE=$NODE_HOME/node_modules/axe-core/axe.min.js
    [[ ! -e $NODE_HOME/complete ]] || return 0
    say "Installing the linters from package-lock.json (once)"
    rm -rf "$NODE_HOME"
    mkdir -p "$NODE_HOME"
    cp "$ROOT"/{package.json,package-lock.json,.npmrc} "$NODE_HOME"
    (cd "$NODE_HOME" && run_logged "$log" npm ci --ignore-scripts --no-audit --no-fund \
        --no-update-notifier --cache "$CACHE/npm") ||
        fail "npm could not install package-lock.json; its output: $log"
    touch "$NODE_HOME/complete"
}

run_node() {
    local tool=$1
    shift
    NODE_PATH=$NODE_HOME/node_modules "$NODE_HOME/node_modules/.bin/$tool" "$@"
}

# npm writes what it resolves beside package.json: that is done in a folder of its own
lock_node() {
    local folder=$CACHE/npm-lock
    require_node
    say "Resolving package.json"
    rm -rf "$folder"
    mkdir -p "$folder"
    cp "$ROOT"/{package.json,.npmrc} "$folder"
    (cd "$folder" && run_logged "$CACHE/log/npm.log" npm install --package-lock-only \
        --ignore-scripts --no-audit --no-fund --no-update-notifier --cache "$CACHE/npm") ||
        fail "npm could not resolve package.json; its output: $CACHE/log/npm.log"
    cp "$folder/package-lock.json" "$ROOT/package-lock.json"
}
