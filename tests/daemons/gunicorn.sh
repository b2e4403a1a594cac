#!/bin/sh
# SPDX-License-Identifier: MIT
# gunicorn takes the sockets of LISTEN_FDS: two workers, no capability.
set -eu
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands /usr/bin/gunicorn curl
use_account www-data
copy_example gunicorn

check_refused 'Permission denied' \
    /usr/bin/gunicorn --log-level debug --bind 0.0.0.0:80 --chdir "$work/gunicorn" app

launch --user www-data -m listen-fds -p 80 -- /usr/bin/gunicorn --workers 2 \
    --chdir "$work/gunicorn" app
wait_for "a page" fetch http://127.0.0.1/
expect "the page over IPv4" "$(fetch http://127.0.0.1/)" "gunicorn on an open socket"
expect "the page over IPv6" "$(fetch 'http://[::1]/')" "gunicorn on an open socket"
check_processes /usr/bin/python3 "$no_capability" 3
stop_daemon 0

# What another gunicorn told its successor does not reach it: it would use these two variables to
# find its socket.
start env GUNICORN_PID=1 GUNICORN_FD=9 "$LOWPORTBIND" --user www-data -p 80 -- \
    /usr/bin/gunicorn --bind 0.0.0.0:80 --chdir "$work/gunicorn" app
wait_for "a page" fetch http://127.0.0.1/
check_processes /usr/bin/python3 "$bind_capability" 2
stop_daemon 0
