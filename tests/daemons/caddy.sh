#!/bin/sh
# SPDX-License-Identifier: MIT
# caddy, a static Go program with its own threads and no libc, binds 80, 443 and 443/udp itself.
set -eu
# shellcheck source=../support/confinement.sh
. "$(dirname "$0")/../support/confinement.sh"
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands caddy curl
use_account caddy
copy_example caddy

# The certificates go to this test's own directory.
mount -t tmpfs -o "uid=$uid,gid=$gid,mode=0750" tmpfs /var/lib/caddy

check_refused 'bind: permission denied' \
    env HOME=/var/lib/caddy caddy run --config "$work/caddy/Caddyfile" --adapter caddyfile

launch --user caddy -p 80,443,443/udp -- caddy run --config "$work/caddy/Caddyfile" \
    --adapter caddyfile
wait_for "a page" fetch http://127.0.0.1/
expect "the page over IPv4" "$(fetch http://127.0.0.1/)" "caddy on port 80"
expect "the page over IPv6" "$(fetch 'http://[::1]/')" "caddy on port 80"
wait_for "a page over TLS" fetch --insecure https://localhost/
expect "the page over TLS" "$(fetch --insecure https://localhost/)" "caddy on port 443"
check_processes caddy "$bind_capability"
check_confinement
[ -d /var/lib/caddy/.local/share/caddy ] || fail "HOME was not that of the account"
stop_daemon 0

# The capability allows port 81, but the confinement does not.
printf 'http://:81 {\n\trespond "caddy on port 81"\n}\n' >>"$work/caddy/Caddyfile"
set -- --user caddy -p 80,443,443/udp -- caddy run --config "$work/caddy/Caddyfile" \
    --adapter caddyfile
launch --confine off "$@"
wait_for "a page of the port that is not listed" fetch http://127.0.0.1:81/
expect_filters 0
stop_daemon 0
check_unlisted_refused 'listen tcp :81: bind: permission denied' "$@"
