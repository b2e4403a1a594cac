#!/bin/sh
# SPDX-License-Identifier: MIT
# python3 -m http.server binds port 80 itself, as nobody: a program that knows nothing about
# privileges.
set -eu
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

python=/usr/bin/python3
need_commands $python curl
use_account nobody
mkdir "$work/site"
echo "python on port 80" >"$work/site/index.html"

check_refused 'Permission denied' $python -m http.server 80 --bind :: --directory "$work/site"

launch --user nobody -p 80 -- $python -m http.server 80 --bind :: --directory "$work/site"
wait_for "a page" fetch http://127.0.0.1/
expect "the page over IPv4" "$(fetch http://127.0.0.1/)" "python on port 80"
expect "the page over IPv6" "$(fetch 'http://[::1]/')" "python on port 80"
check_processes $python "$bind_capability"
stop_daemon 143
