#!/bin/sh
# SPDX-License-Identifier: MIT
# README.md: its commands are those in the examples with which the tests start the real daemons, its
# messages are those that the launcher prints, and its links lead to existing files.
set -eu
readme=$(cd "$(dirname "$0")/../.." && pwd)/README.md
# shellcheck source-path=SCRIPTDIR source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands setpriv strace python3
strace -o /dev/null true 2>>"$log" || skip "strace cannot trace here"
use_account www-data
project=$(dirname "$readme")

# section NAME: prints its lines.
section() {
    awk -v heading="## $1" '/^## / { inside = ($0 == heading) } inside' "$readme"
}

# check_size: it is short enough to be read.
check_size() {
    [ "$(wc -l <"$readme")" -le 200 ] || fail "more than 200 lines"
    ! grep -nE '^.{121}' "$readme" >>"$log" || fail "a line of more than 120 columns"
}

check_links() {
    grep -oE '\]\([^)]+\)' "$readme" | tr -d ']()' >"$work/links"
    [ "$(wc -l <"$work/links")" -gt 3 ] || fail "no links"
    while read -r link; do
        [ -e "$project/$link" ] || fail "a link to a missing file: $link"
    done <"$work/links"
}

# check_recipe FILE COMMAND: the file contains the command, and a test of a daemon uses the file's
# folder. A systemd unit is started by its own name and cannot contain the command, so the test
# does.
check_recipe() {
    [ -f "$project/$1" ] || fail "a recipe for a missing file: $1"
    folder=${1#examples/}
    folder=${folder%%/*}
    test=$(grep -lE "copy_example $folder( |\$)|build_image ${1##*/}\$" \
        "$project"/tests/daemons/*.sh) ||
        fail "no test uses examples/$folder"
    # shellcheck disable=SC2086  # a list of files
    case $2 in
        'systemctl '*) grep -qF "control ${2#systemctl }" $test || fail "no test runs: $2" ;;
        *) grep -qF -e "$2" "$project/$1" || fail "$1 does not have the command: $2" ;;
    esac
    echo "$folder" >>"$work/folders"
}

check_recipes() {
    section Recipes | sed -n 's/^    //p' >"$work/recipes"
    file=
    while IFS= read -r line; do
        case $line in
            '# '*) file=$(echo "$line" | sed 's/^# \([^ :,]*\).*/\1/') ;;
            'chgrp '*) ;; # tests/docs/man_examples.sh runs this
            *) check_recipe "$file" "$line" ;;
        esac
    done <"$work/recipes"
    for folder in nginx caddy java unbound gunicorn node haproxy docker systemd; do
        grep -qx "$folder" "$work/folders" || fail "no recipe for $folder"
    done
}

# without_pid: process IDs vary.
without_pid() {
    sed 's/(pid [0-9]*)/(pid N)/'
}

# provoke COMMAND...: collects the launcher's message, without its name and the hint.
provoke() {
    status=0
    "$@" </dev/null >/dev/null 2>"$work/errors" || status=$?
    cat "$work/errors" >>"$log"
    sed -n '/^lowportbind: hint: /d; s/^lowportbind: //p' "$work/errors" |
        without_pid >"$work/message"
    expect "the number of messages of $*" "$(wc -l <"$work/message")" 1
    cat "$work/message" >>"$work/said"
}

is_listening() {
    grep -q ':0050 [0-9A-F:]* 0A ' /proc/net/tcp
}

check_messages() {
    mount -t tmpfs tmpfs /srv
    install -m 0755 "$LOWPORTBIND" /srv/lowportbind

    provoke "$LOWPORTBIND" --user "" -p 80 -- true
    provoke setpriv --bounding-set -setuid "$LOWPORTBIND" --user www-data -p 80 -- true
    provoke setpriv --reuid "$uid" --regid "$gid" --init-groups /srv/lowportbind -p 80 -- true
    provoke "$LOWPORTBIND" --user www-data -p 127.0.0.1:80 -- true
    provoke strace -qq -o /dev/null -e inject=landlock_create_ruleset:retval=3 \
        "$LOWPORTBIND" --user www-data -p 80 -- true
    expect "the status with a warning" "$status" 0
    start python3 -m http.server 80
    wait_for "a listener on port 80" is_listening
    provoke "$LOWPORTBIND" --user www-data -m listen-fds -p 80 -- true
    stop_daemon 143

    # shellcheck disable=SC2016  # the quotes of Markdown
    section Troubleshooting |
        awk '/^- / { line = "" } /^- `/, /`:/ { line = line " " $0; if (/`:/) print line }' |
        sed 's/^ - `//; s/`:.*//; s/  */ /g' | without_pid | sort >"$work/written"
    sort "$work/said" >"$work/messages"
    diff "$work/written" "$work/messages" >>"$log" ||
        fail "the messages differ from those of the launcher"
}

# check_report: the plan of --check. Whether it can confine depends on this machine.
check_report() {
    if ! command -v nginx >/dev/null; then return 1; fi
    PATH=/usr/sbin:/usr/bin:/bin "$LOWPORTBIND" --check --user www-data -p 80 -- nginx |
        grep -v '^confinement' >"$work/report"
    section Troubleshooting | sed -n 's/^    //p' | grep -v '^confinement' |
        diff - "$work/report" >>"$log" ||
        fail "the report of --check differs"
}

check_size
check_links
check_recipes
check_messages
check_report || skip "everything except the report of --check passed; needs the command nginx"
