#!/usr/bin/env bash
# commit_subject.sh FILE: does the commit message in FILE begin as ours do? A hook of git's.
set -euo pipefail
export LC_ALL=C.UTF-8 # characters are counted, not bytes

readonly LONGEST=60
readonly FORM='^\[(ADD|IMP|FIX|REF)\] crm_collection: [^ ]'

refuse() {
    printf '%s\n    %s\n' "$1" "$subject" >&2
    printf 'Wanted: [ADD|IMP|FIX|REF] crm_collection: what, at most %s characters\n' "$LONGEST" >&2
    exit 1
}

subject=$(git stripspace --strip-comments <"$1" | sed -n 1p)
case $subject in
    # git refuses the empty one, writes the merge, and squashes the others away
    '') exit ;;
    'Merge '* | 'fixup! '* | 'squash! '* | 'amend! '*) exit ;;
esac
[[ $subject =~ $FORM ]] || refuse 'The subject has another form:'
((${#subject} <= LONGEST)) || refuse "The subject has ${#subject} characters:"
