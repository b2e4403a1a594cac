#!/bin/sh
# SPDX-License-Identifier: MIT
# nginx twice in a real systemd: with lowportbind, and by systemd's own means. The probe in its
# place shows what each may bind.
set -eu
# shellcheck source=../support/systemd.sh
. "$(dirname "$0")/../support/systemd.sh"
# shellcheck source=../support/unit_experiments.sh
. "$(dirname "$0")/../support/unit_experiments.sh"

need_commands nginx curl
use_account www-data
copy_example systemd
copy_example nginx

# What the probe is asked to bind in place of nginx, and the results: with lowportbind, which
# confines TCP to the listed port and those that need no privilege, by systemd's own means, and if
# neither confines.
cat >"$work/experiments" <<'EOF'
tcp/4/80 ok ok ok
tcp/6/80 ok ok ok
tcp/4/22 EACCES EPERM ok
tcp/4/8080 ok EPERM ok
tcp/4/0 ok EPERM ok
udp/4/53 ok EPERM ok
udp/4/80 ok EPERM ok
udp/4/8080 ok EPERM ok
EOF

# check_nginx NAME: starts, reloads, restarts and stops it. The process status is the same either
# way.
check_nginx() {
    control start "$1.service" || fail "systemctl start $1.service"
    use_unit "$1.service"
    wait_for "a page of $1.service" fetch http://127.0.0.1/
    expect "nginx's own PID" "$(inside cat /run/lowportbind-nginx/nginx.pid)" "$inner"
    check_processes nginx "$bind_capability" 3
    reload_unit "$1.service" 2
    restart_unit "$1.service"
    wait_for "a page of $1.service" fetch 'http://[::1]/'
    check_processes nginx "$bind_capability" 3
    stop_unit "$1.service"
}

write_probe_unit nginx
write_probe_unit native
boot_systemd --bind-ro="$work/nginx:/etc/lowportbind" \
    --bind-ro="$(readlink -f "$(command -v nginx)")" \
    --bind-ro="$PROBE:/usr/local/bin/probe" --bind="$work/answers:/answers"

check_port_refused 80
check_nginx native
check_nginx nginx

ask_probe nginx
if is_unconfined nginx; then check_answers nginx 4; else check_answers nginx 2; fi

# Debian 12 builds systemd without what SocketBindDeny= needs, and the line is ignored, as
# native.service warns. systemd-bind.sh always tests it where it works.
ask_probe native
if inside systemctl --version | grep -qF +BPF_FRAMEWORK; then
    ldconfig -p | grep -qF libbpf.so.1 ||
        skip "the rest passed; systemd needs libbpf1 for SocketBindDeny="
    check_answers native 3
else
    check_answers native 4
fi
stop_daemon 0
