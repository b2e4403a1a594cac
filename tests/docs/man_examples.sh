#!/bin/sh
# SPDX-License-Identifier: MIT
# The EXAMPLES of man/lowportbind.8: each command is run, with lowportbind as `lowportbind --check`,
# which must report ready, and each file is the text of the one in examples/. The commands of the
# daemons are those in examples/, which the tests of the daemons use to start them.
#
# The page's own rules are also in its first lines: between `.Bd -literal` and `.Ed` there are
# commands; after `.\" file: NAME` there is the file examples/NAME without its comments. A line that
# ends with `\e` is continued.
set -eu
page=$(cd "$(dirname "$0")/../../man" && pwd)/lowportbind.8
# shellcheck source-path=SCRIPTDIR source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands setpriv setcap
missing= # the daemons and accounts that this machine lacks

# join_lines FILE: joins continued lines, and squeezes spaces.
join_lines() {
    sed -e ':again' -e '/\\$/ { N; s/\\\n/ /; b again' -e '}' "$1" | tr -s ' \t' '  '
}

# extract: writes $work/commands, and each file as $work/files/NAME.
extract() {
    mkdir -p "$work/files"
    : >"$work/commands.raw"
    awk -v commands="$work/commands.raw" -v files="$work/files" '
        /^\.Sh / { inside = ($0 == ".Sh EXAMPLES") }
        !inside { next }
        /^\.\\" file: / { name = $3; gsub("/", ":", name); next }
        /^\.Bd -literal/ { target = name == "" ? commands : files "/" name; name = ""; next }
        /^\.Ed/ { target = ""; next }
        target != "" { sub(/\\e$/, "\\"); print >>target }
        ' "$page"
    join_lines "$work/commands.raw" >"$work/commands"
}

# expect_in_examples COMMAND: examples/ contains it, possibly on several lines of a comment.
expect_in_examples() {
    find "$examples" -type f -exec cat {} + | sed 's/^# *//; s/^\/\/ //' >"$work/texts"
    join_lines "$work/texts" | grep -qF -e "$1" || fail "no file of examples/ has this command: $1"
}

# with_descriptor NUMBER COMMAND...: runs it with this descriptor open, as s6-supervise does for a
# daemon that reports when it is ready. sh itself need not support descriptors with two digits.
with_descriptor() {
    # shellcheck disable=SC2016  # bash's
    bash -c 'eval "exec $1</dev/null"; shift; exec "$@"' bash "$@"
}

# check_ready LAUNCHER-COMMAND...: its plan is ready.
check_ready() {
    status=0
    kept=$(echo "$*" | sed -n 's/.* --keep-fd \([0-9]*\) .*/\1/p')
    if [ -n "$kept" ]; then
        plan=$("$@" </dev/null 2>&1) || status=$?
        expect "the status of $* without that descriptor" "$status" 125
        expect "the message" "$(echo "$plan" | head -n 1)" \
            "lowportbind: cannot keep the descriptor: $kept: it is not open"
        status=0
        set -- with_descriptor "$kept" "$@"
    fi
    # Through pipes, as a container engine does.
    plan=$("$@" </dev/null 2>&1) || status=$?
    echo "$plan" >>"$log"
    expect "the status of $*" "$status" 0
    expect "the end of what it prints" "$(echo "$plan" | tail -n 1)" "verdict      ready"
}

# is_here DAEMON ACCOUNT: if not, notes it as missing.
is_here() {
    if ! command -v "$1" >/dev/null; then
        missing="$missing $1"
    elif ! id "$2" >/dev/null 2>&1; then
        missing="$missing $2"
    else
        return 0
    fi
    return 1
}

# check_launch lowportbind [--check] --user ACCOUNT OPTION... -- DAEMON...: as root.
check_launch() {
    shift
    if [ "$1" = --check ]; then shift; fi
    user=$2
    words=$*
    words=${words#* -- }
    is_here "${words%% *}" "$user" || return 0
    check_ready "$LOWPORTBIND" --check "$@"
}

# as_account LAUNCHER OPTION...: runs it as www-data, without capabilities.
as_account() {
    setpriv --reuid "$uid" --regid "$gid" --init-groups "$@"
}

# check_launch_of_user lowportbind OPTION... -- DAEMON...: works with the launcher's file
# capability, and not without.
check_launch_of_user() {
    shift
    words=$*
    words=${words#* -- }
    is_here "${words%% *}" "$account" || return 0
    status=0
    install -m 0755 "$LOWPORTBIND" "$work/lowportbind"
    as_account "$work/lowportbind" --check "$@" >"$work/refused.log" 2>&1 || status=$?
    expect "the status without the file capability" "$status" 125
    grep -q 'was started without it' "$work/refused.log" || fail "$(cat "$work/refused.log")"
    check_ready as_account /usr/local/sbin/lowportbind --check "$@"
}

# run_example COMMAND
run_example() {
    echo "example: $1" >>"$log"
    eval "set -- \"\$1\" $1"
    line=$1
    shift
    case $line in
        'lowportbind --check --user '*)
            expect_in_examples "lowportbind${line#lowportbind --check}"
            check_launch "$@"
            ;;
        'lowportbind --user '*)
            expect_in_examples "$line"
            check_launch "$@"
            ;;
        'lowportbind '*) check_launch_of_user "$@" ;;
        'docker run '*) expect_in_examples "$line" ;; # tests/daemons/docker_root.sh runs it
        'install '*)
            expect_in_examples "$line"
            "$@" || fail "$line"
            ;;
        'chgrp '* | 'chmod '* | 'setcap '*) "$@" || fail "$line" ;;
        *) fail "this test cannot run: $line" ;;
    esac
}

# check_file NAME: the page shows this file of examples/.
check_file() {
    sed '/^ *#/d' "$examples/$1" >"$work/example.raw"
    join_lines "$work/example.raw" >"$work/example"
    join_lines "$work/files/$(echo "$1" | tr / :)" >"$work/shown"
    diff "$work/example" "$work/shown" >>"$log" || fail "the page's $1 is not the text of the file"
}

# launcher_of NAME: prints the command line of lowportbind in a file. A daemon that this test lacks
# becomes `true`.
launcher_of() {
    file=$work/shown
    case $1 in
        *Dockerfile) sed -n 's/^ENTRYPOINT \["\/\(.*\)"\]$/\1/p' "$file" |
            sed 's/", "/ /g; s/$/ true/' ;;
        *.yaml) sed -n 's/^ command: \["\/\(.*\)"\]$/\1/p' "$file" | sed 's/", "/ /g; s/$/ true/' ;;
        *.service) sed -n 's/^ExecStart=//p' "$file" | sed 's| /usr/local/bin/server$| true|' ;;
        */run) sed -n 's/^exec lowportbind/lowportbind/p' "$file" ;;
    esac
}

use_account www-data
extract
for daemon_name in caddy java unbound gunicorn node haproxy nginx; do
    grep -q "^lowportbind .*-- $daemon_name " "$work/commands" ||
        fail "the page has no example for $daemon_name"
done

# The commands change directories of this test's own.
for directory in /run /var/log /var/cache /usr/local/sbin; do
    mount -t tmpfs -o mode=0755 tmpfs "$directory"
done
install -m 0755 "$LOWPORTBIND" /usr/local/sbin/lowportbind

while IFS= read -r command; do
    run_example "$command"
done <"$work/commands"

for name in docker/static.Dockerfile docker/nginx.Dockerfile kubernetes/root.yaml \
    systemd/nginx.service \
    systemd/activated.service runit/www/run s6/www/run; do
    [ -e "$work/files/$(echo "$name" | tr / :)" ] || fail "the page does not show $name"
done
for path in "$work/files/"*; do
    name=$(basename "$path" | tr : /)
    check_file "$name"
    command=$(launcher_of "$name")
    [ -n "$command" ] || fail "no command of lowportbind in $name"
    eval "check_launch $command"
done

if [ -n "$missing" ]; then skip "the other examples passed; not installed:$missing"; fi
