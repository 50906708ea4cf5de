# shellcheck shell=bash disable=SC2034 # the variables are used by the other parts
# Odoo 19.0: ODOO_PATH, else an importable `odoo`, else Debian's package unpacked in the cache.

ODOO_HOME=''     # the folder to put on PYTHONPATH
ODOO_ADDONS=''   # its addons folders, separated by commas
ODOO_VERSION=''

# Debian ships some files that the web client needs in packages of their own
readonly ODOO_PACKAGES=(
    odoo-19 libjs-jquery libjs-jquery-form libjs-underscore fonts-inconsolata fonts-montserrat
    fonts-ocr-b fonts-roboto-unhinted fonts-glyphicons-halflings
)

odoo_version_of() {
    "$PYTHON_BIN" -c 'import runpy, sys; print(runpy.run_path(sys.argv[1])["version"])' \
        "$1/odoo/release.py" 2>/dev/null
}

# use_odoo FOLDER: a checkout, an unpacked package, or the folder that holds the package `odoo`
use_odoo() {
    local base version
    for base in "$1" "$1"/usr/lib/python3/dist-packages "$(dirname "$1")"; do
        [[ -e $base/odoo/release.py ]] || continue
        version=$(odoo_version_of "$base") || continue
        if [[ $version != 19.0* ]]; then
            note "Odoo $version in $base is not used: 19.0 is needed"
            continue
        fi
        ODOO_HOME=$(cd "$base" && pwd -P)
        ODOO_VERSION=$version$(git -C "$base" rev-parse --short HEAD 2>/dev/null || true)
        ODOO_ADDONS=$ODOO_HOME/odoo/addons
        # of the unpacked package, the package's own version
        [[ $ODOO_HOME != "$CACHE"/odoo-19/* ]] || ODOO_VERSION=$(<"$CACHE/odoo-19/complete")
        [[ ! -d $ODOO_HOME/addons ]] || ODOO_ADDONS=$ODOO_HOME/addons,$ODOO_ADDONS
        return
    done
    return 1
}

importable_odoo() {
    "$PYTHON_BIN" - <<'PYTHON'
import importlib.util
import pathlib
import sys

spec = importlib.util.find_spec("odoo")
for folder in (spec and spec.submodule_search_locations) or []:
    if pathlib.Path(folder, "release.py").exists():
        print(pathlib.Path(folder).resolve().parent)
        sys.exit()
sys.exit(1)
PYTHON
}

# An Odoo installed among other packages is reached through a folder that holds it alone, or
# those packages would come before the pinned ones.
isolate_odoo() {
    local folder
    case $ODOO_HOME in
        "$CACHE"/*) return ;;
        */site-packages | */dist-packages) ;;
        *) return ;;
    esac
    folder=$CACHE/odoo-link-$(hash_of <<<"$ODOO_HOME")
    mkdir -p "$folder"
    ln -sfn "$ODOO_HOME/odoo" "$folder/odoo"
    ODOO_HOME=$folder
    ODOO_ADDONS=$folder/odoo/addons
}

find_odoo() {
    local found
    if [[ ${ODOO_PATH:-} ]]; then
        use_odoo "$ODOO_PATH" ||
            fail "ODOO_PATH=$ODOO_PATH holds no Odoo 19.0 (no odoo/release.py in it)"
        return
    fi
    if found=$(importable_odoo) && use_odoo "$found"; then
        return
    fi
    [[ -e $CACHE/odoo-19/complete ]] || download_odoo
    use_odoo "$CACHE/odoo-19" || fail "Debian's package holds no Odoo 19.0; set ODOO_PATH"
}

require_odoo() {
    find_odoo
    isolate_odoo
}

# --- Debian's package, fetched with an apt configuration of its own ---

debian_codename() {
    # shellcheck source=/dev/null
    (. /etc/os-release && [[ ${ID:-} == debian ]] && echo "${VERSION_CODENAME:-}")
}

# the mirror that the machine itself takes Debian from
debian_mirror() {
    local release=$1
    if [[ ${CRM_COLLECTION_MIRROR:-} ]]; then
        echo "$CRM_COLLECTION_MIRROR"
        return
    fi
    # shellcheck disable=SC2016 # apt-get expands these
    apt-get indextargets --format '$(RELEASE) $(COMPONENT) $(REPO_URI)' 'Created-By: Packages' \
        2>/dev/null | awk -v release="$release" \
        '($1 == release || $1 == "stable") && $2 == "main" && $3 !~ /^cdrom:/ { print $3; exit }'
}

# The machine's own Acquire settings (proxies, certificates) with folders of our own. Hooks
# that the machine runs after an update are left out: they are not ours to run.
write_apt_configuration() {
    local apt=$1 mirror=$2 codename=$3 keyring=$4
    mkdir -p "$apt"/{lists/partial,cache/archives/partial,empty}
    : >"$apt/status"
    {
        apt-config dump | grep -E '^Acquire::' | grep -v '^Acquire::IndexTargets'
        cat <<CONF
Acquire::Languages "none";
Acquire::PDiffs "false";
Acquire::AllowInsecureRepositories "false";
Acquire::AllowWeakRepositories "false";
APT::Get::AllowUnauthenticated "false";
APT::Update::Error-Mode "any";
APT::Architectures "$(dpkg --print-architecture)";
APT::Sandbox::User "$(id -un)";
Dir::State::lists "$apt/lists";
Dir::State::status "$apt/status";
Dir::Cache "$apt/cache";
Dir::Etc::main "/dev/null";
Dir::Etc::parts "$apt/empty";
Dir::Etc::preferences "/dev/null";
Dir::Etc::preferencesparts "$apt/empty";
Dir::Etc::sourcelist "$apt/debian.sources";
Dir::Etc::sourceparts "$apt/empty";
CONF
    } >"$apt/apt.conf"
    cat >"$apt/debian.sources" <<SOURCES
Types: deb
URIs: $mirror
Suites: unstable $codename
Components: main
Signed-By: $keyring
SOURCES
}

debian_keyring() {
    local file
    for file in /usr/share/keyrings/debian-archive-keyring.{gpg,pgp}; do
        [[ ! -e $file ]] || { echo "$file"; return; }
    done
    return 1
}

download_odoo() {
    local apt=$CACHE/apt new=$CACHE/odoo-19.new codename mirror keyring deb
    local advice="set ODOO_PATH to an Odoo 19.0 checkout"
    codename=$(debian_codename) || fail "no Odoo 19.0 found and this is not Debian: $advice"
    keyring=$(debian_keyring) || fail "no keyring of Debian; as root run: apt-get install debian-archive-keyring"
    mirror=$(debian_mirror "$codename")
    [[ $mirror ]] || fail "apt names no Debian mirror: set CRM_COLLECTION_MIRROR, or $advice"

    say "Fetching Odoo 19 from Debian unstable (once, signature checked)"
    rm -rf "$apt" "$new"
    write_apt_configuration "$apt" "$mirror" "$codename" "$keyring"
    note "reading the package index"
    run_logged "$CACHE/log/apt-odoo.log" env APT_CONFIG="$apt/apt.conf" apt-get update ||
        fail "the index of Debian unstable could not be read; check the network, or $advice"
    note "downloading odoo-19 and the fonts and scripts it needs"
    # Font Awesome 4, which Odoo 19 is written for, is in the stable suite
    (cd "$apt/cache" && run_logged "$CACHE/log/apt-odoo.log" env APT_CONFIG="$apt/apt.conf" \
        apt-get download "${ODOO_PACKAGES[@]}" "fonts-font-awesome/$codename") ||
        fail "Odoo 19 could not be downloaded; check the network, or $advice"
    note "unpacking"
    for deb in "$apt"/cache/*.deb; do
        dpkg-deb -x "$deb" "$new"
    done
    add_missing_script "$new/usr/lib/python3/dist-packages/odoo/addons/mail"
    (cd "$apt/cache" && dpkg-deb -f odoo-19_*.deb Version) >"$new/complete"
    rm -rf "$CACHE/odoo-19" "$apt"
    mv "$new" "$CACHE/odoo-19"
}

# Debian leaves out this script, which only blurs a camera's picture in a call; without the
# file the web client's bundle for tours does not load.
add_missing_script() {
    local script=$1/static/lib/selfie_segmentation/selfie_segmentation.js
    [[ -e $script ]] && return
    mkdir -p "$(dirname "$script")"
    echo '/* not shipped by Debian: background blur in calls is unavailable */' >"$script"
}
