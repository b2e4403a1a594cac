#!/bin/sh
# SPDX-License-Identifier: MIT
# java binds port 80 itself. The usual solution, a file capability on java, stops it from starting
# at all.
set -eu
# shellcheck source=../support/confinement.sh
. "$(dirname "$0")/../support/confinement.sh"
# shellcheck source=../support/daemon.sh
. "$(dirname "$0")/../support/daemon.sh"

need_commands java javac setcap curl
use_account www-data
copy_example java

check_refused 'BindException: Permission denied' java "$work/java/Server.java"

# A copy of only the java command, beside links to the rest of the JDK: it works until it gets the
# file capability.
jdk=$(dirname "$(dirname "$(readlink -f "$(command -v java)")")")
mkdir -p "$work/jdk/bin"
cp "$jdk/bin/java" "$work/jdk/bin/java"
ln -s "$jdk/lib" "$jdk/conf" "$work/jdk"
"$work/jdk/bin/java" -version >"$log" 2>&1 || fail "the copy of java does not work"
if setcap cap_net_bind_service=+ep "$work/jdk/bin/java" 2>>"$log"; then
    check_refused 'libjli.so: cannot open shared object file' "$work/jdk/bin/java" \
        "$work/java/Server.java"
else
    fail "no file capability can be set in $work"
fi

launch --user www-data -p 80 -- java "$work/java/Server.java"
wait_for "a page" fetch http://127.0.0.1/
expect "the page over IPv4" "$(fetch http://127.0.0.1/)" "java on port 80"
expect "the page over IPv6" "$(fetch 'http://[::1]/')" "java on port 80"
check_processes java "$bind_capability"
check_confinement
stop_daemon 143

# The capability allows port 81, but the confinement does not.
sed 's/(80)/(81)/' "$work/java/Server.java" >"$work/java/OtherPort.java"
launch --user www-data -p 80 --confine off -- java "$work/java/OtherPort.java"
wait_for "a page of the port that is not listed" fetch http://127.0.0.1:81/
expect_filters 0
stop_daemon 143
check_unlisted_refused 'BindException: Permission denied' --user www-data -p 80 \
    -- java "$work/java/OtherPort.java"
