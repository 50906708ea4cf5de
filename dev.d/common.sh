# shellcheck shell=bash
# Messages, the cache folder, locks.

# the first, and those that install themselves beside others of Odoo's
readonly MODULES=(
    crm_collection crm_collection_queue_job crm_collection_sale crm_collection_sale_stock
    crm_collection_sms crm_collection_snailmail
)

IS_ROOT=''
if [[ $EUID -eq 0 ]]; then
    IS_ROOT=yes
fi
readonly IS_ROOT

if [[ -n ${CRM_COLLECTION_CACHE:-} ]]; then
    CACHE=$CRM_COLLECTION_CACHE
elif [[ $IS_ROOT ]]; then
    # not in root's home: the user postgres must be able to reach its cluster
    CACHE=/var/cache/crm_collection
else
    CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/crm_collection
fi
mkdir -p "$CACHE/log"
CACHE=$(cd "$CACHE" && pwd -P)
readonly CACHE

say() {
    printf '==> %s\n' "$*" >&2
}

note() {
    printf '    %s\n' "$*" >&2
}

fail() {
    printf 'dev: %s\n' "$*" >&2
    exit 1
}

# run_logged LOG COMMAND...: output goes to LOG; its end is shown when the command fails
run_logged() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null && return
    tail -n 25 "$log" >&2
    return 1
}

# show_steps EXPRESSION: of the lines on stdin show what the sed EXPRESSION makes of them, on one
# line that is rewritten when stderr is a terminal, else one every few seconds
show_steps() {
    local step shown='' next=0
    while IFS= read -r step; do
        shown=yes
        if [[ -t 2 ]]; then
            printf '\r\033[K    %s' "$step" >&2
        elif ((SECONDS >= next)); then
            note "$step"
            next=$((SECONDS + 5))
        fi
    done < <(sed -un "$1")
    if [[ $shown && -t 2 ]]; then
        printf '\r\033[K' >&2
    fi
}

# take_lock NAME: one command at a time. Whatever outlives the command (the cluster, the mail
# sink) is started with descriptor 9 closed, or it would keep the lock.
take_lock() {
    exec 9>"$CACHE/$1.lock"
    flock -n 9 && return
    say "Waiting for another ./dev that uses the same $1"
    flock 9
}

drop_lock() {
    exec 9>&-
}

hash_of() {
    sha256sum | cut -c 1-12
}
