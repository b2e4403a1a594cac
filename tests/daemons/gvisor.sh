#!/bin/sh
# SPDX-License-Identifier: MIT
# In gVisor's kernel, without an engine: every mode that it supports, and the messages for the
# others. gVisor has no privileged ports, no setfsuid(2) and no ambient set, and /proc/sys/net is
# empty.
set -eu
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

# launch_inside OPTION...: launches the probe; sets $status, and writes the rest to $work/answers
# and $work/errors.
launch_inside() {
    status=0
    # shellcheck disable=SC2086  # the words of a command, or none
    ${as_user-} "$launcher" "$@" </dev/null >"$work/answers" 2>"$work/errors" || status=$?
    cat "$work/answers" "$work/errors" >>"$log"
}

expect_answer() {
    expect "the answer to $1" \
        "$(sed -n "s|^$1:[[:space:]]*||p" "$work/answers" | tr -s '\t ' ' ' | sed 's/ $//')" "$2"
}

# expect_daemon MODE: it is the account, without capabilities. This kernel does not show CapAmb and
# NoNewPrivs.
expect_daemon() {
    expect "the status in mode $1" "$status" 0
    expect "the messages in mode $1" "$(cat "$work/errors")" ""
    expect_answer Uid "$uid $uid $uid $uid"
    expect_answer Gid "$gid $gid $gid $gid"
    for set in CapInh CapPrm CapEff; do expect_answer $set "$no_capability"; done
}

# expect_refusal MESSAGE HINT
expect_refusal() {
    expect "the status" "$status" 125
    grep -v '^lowportbind: every privileged port is open' "$work/errors" >"$work/lines" || :
    expect "the message" "$(head -n 1 "$work/lines")" "lowportbind: $1"
    expect "the hint" "$(tail -n +2 "$work/lines")" "lowportbind: hint: $2"
    expect "the output of the daemon" "$(cat "$work/answers")" ""
}

# try_listen_fds OPTION...: launches it, and runs --check with the same options.
try_listen_fds() {
    launch_inside "$@" -m listen-fds -p web=80,53/udp -- "$PROBE" status fds env fd=3 fd=4 \
        reach=3/4/80 reach=4/4/53
    expect_daemon listen-fds
    expect_answer fds "0 1 2 3 4"
    expect_answer fd=3 "tcp [::]:80 dual-stack listening reuseaddr blocking"
    expect_answer fd=4 "udp [::]:53 dual-stack blocking"
    expect_answer reach=3/4/80 ok
    expect_answer reach=4/4/53 ok
    grep -q '^env:[[:space:]]LISTEN_FDNAMES=web:unknown$' "$work/answers" ||
        fail "the names are not announced"

    launch_inside "$@" -m listen-fds -p 80 --check -- "$PROBE"
    expect "the status of --check" "$status" 0
    expect "its verdict" "$(tail -n 1 "$work/answers")" "verdict      ready"
}

try_other_modes() {
    # A different port from those above, which still have connections.
    launch_inside --user www-data -- "$PROBE" status fds bind=tcp/4/81
    expect_daemon "ambient, without a port"
    expect_answer fds "0 1 2"
    expect_answer bind=tcp/4/81 ok

    launch_inside --user www-data -m nginx -p 80 -- "$PROBE" status fds env fd=3 fd=4
    expect_daemon nginx
    expect_answer fds "0 1 2 3 4"
    expect_answer fd=3 "tcp 0.0.0.0:80 listening reuseaddr blocking"
    expect_answer fd=4 "tcp [::]:80 v6only listening reuseaddr blocking"
    grep -q '^env:[[:space:]]NGINX=3;4;$' "$work/answers" || fail "the sockets are not announced"

    # An inetd server's stdout is its socket.
    : >"$work/of-inetd"
    chmod 0666 "$work/of-inetd"
    launch_inside --user www-data -m inetd -p 127.0.0.1:80 -- "$PROBE" "to=$work/of-inetd" status \
        fds fd=0 fd=1
    cp "$work/of-inetd" "$work/answers"
    expect_daemon inetd
    expect_answer fds "0 1 2"
    expect_answer fd=0 "tcp 127.0.0.1:80 listening reuseaddr blocking"
    expect_answer fd=1 "tcp 127.0.0.1:80 listening reuseaddr blocking"
}

if [ "${1-}" = inside ]; then
    launcher=$2
    use_account www-data
    [ ! -e /proc/sys/net/ipv4/ip_unprivileged_port_start ] ||
        skip "this gVisor shows which ports are privileged"
    expect "the account's attempt to bind port 80" \
        "$(setpriv --reuid "$uid" --regid "$gid" --clear-groups "$PROBE" bind=tcp/4/80 |
        tr '\t' ' ')" "bind=tcp/4/80: ok"

    try_listen_fds --user www-data
    try_other_modes
    launch_inside --user www-data -p 80 -m listen-fds -v -- "$PROBE" status
    expect "the status with --verbose" "$status" 0
    grep -qx 'lowportbind: setfsuid is not available: the sockets will belong to the launcher, not the account' \
        "$work/errors" ||
        fail "--verbose does not print whose the sockets are"
    launch_inside --user www-data -p 80 -m listen-fds --reuse-port -- "$PROBE" status
    expect_refusal \
        "cannot open sockets as: www-data (uid 33): setfsuid is not available, and --reuse-port shares a port \
only within one user's sockets" "leave --reuse-port out"
    launch_inside --user www-data -p 80 -- "$PROBE" status
    expect_refusal "cannot read the ambient set: 10: Invalid argument" \
        "on a kernel without one, hand over sockets: \
--mode listen-fds; where no port is privileged, as in gVisor, leave -p out"

    # The account's own launcher, which has no capability.
    as_user="setpriv --reuid $uid --regid $gid --init-groups"
    try_listen_fds
    exit
fi

need_commands runsc setpriv
case $PROBE in "$work"/*) ;; *) skip "needs a probe" ;; esac
for launcher in "$LOWPORTBIND" ${LOWPORTBIND_STATIC-}; do
    install -m 0755 "$launcher" "$work/lowportbind"
    # The host's files; what is written stays in the sandbox.
    set -- runsc --root "$work/runsc" --platform=ptrace --network=none --ignore-cgroups "do" -quiet
    timeout 60 "$@" /bin/true >>"$log" 2>&1 ||
        skip "no gVisor sandbox starts here: $(tail -n 3 "$log")"
    timeout 200 "$@" /bin/sh "$(readlink -f "$0")" inside "$work/lowportbind" 2>&1 ||
        fail "in gVisor, with $launcher"
done
