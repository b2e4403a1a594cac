#!/bin/sh
# SPDX-License-Identifier: MIT
# SocketBindAllow= and SocketBindDeny= where they work, in a booted Debian 13: native.service does
# what it claims, and nginx.service with them has its TCP ports confined twice and its UDP ports
# once.
set -eu
# shellcheck source=../support/systemd.sh
. "$(dirname "$0")/../support/systemd.sh"
# shellcheck source=../support/unit_experiments.sh
. "$(dirname "$0")/../support/unit_experiments.sh"

root=${SYSTEMD_ROOT_DIRECTORY:-}/trixie
[ -d "$root" ] ||
    skip "needs SYSTEMD_ROOT_DIRECTORY with the root of tests/support/make-systemd-root"
use_account www-data
copy_example systemd

# The columns: by systemd's own means; with lowportbind, if the kernel confines; if it does not.
cat >"$work/experiments" <<'EOF'
tcp/4/80 ok ok ok
tcp/6/80 ok ok ok
tcp/4/22 EPERM EACCES EPERM
tcp/4/8080 EPERM EPERM EPERM
tcp/4/0 EPERM EPERM EPERM
udp/4/53 EPERM EPERM EPERM
udp/4/80 EPERM EPERM EPERM
udp/4/8080 EPERM EPERM EPERM
EOF
write_probe_unit native
write_probe_unit nginx SocketBindAllow=tcp:80 SocketBindDeny=any
boot_systemd_of "$root" --bind-ro="$PROBE:/usr/local/bin/probe" --bind="$work/answers:/answers"
inside systemctl --version | grep -qF +BPF_FRAMEWORK || fail "this systemd has no BPF"

ask_probe native
check_answers native 2
ask_probe nginx
if is_unconfined nginx; then check_answers nginx 4; else check_answers nginx 3; fi
stop_daemon 0
