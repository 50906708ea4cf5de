# shellcheck shell=bash
# Add-ons of others, from requirements-addons.txt: only modules that build on them look at these.

OTHER_ADDONS='' # the folder to put on PYTHONPATH

# to be called when VENV and ODOO_ADDONS are known
other_addons() {
    local log=$CACHE/log/addons.log
    OTHER_ADDONS=$CACHE/addons-$(hash_of <"$ROOT/requirements-addons.txt")
    if [[ ! -e $OTHER_ADDONS/complete ]]; then
        say "Fetching the add-ons of requirements-addons.txt (once)"
        rm -rf "$OTHER_ADDONS"
        run_logged "$log" "$VENV/bin/python" -m pip install --no-input --disable-pip-version-check \
            --no-deps --require-hashes --target "$OTHER_ADDONS" -r "$ROOT/requirements-addons.txt" ||
            fail "pip could not install requirements-addons.txt; its output: $log"
        touch "$OTHER_ADDONS/complete"
    fi
    ODOO_ADDONS=$ODOO_ADDONS,$OTHER_ADDONS/odoo/addons
}
