# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What the tests of supervisors share. Source it before daemon.sh.

# install_launcher: installs it where the service's script finds it. The change disappears with the
# mount namespace.
install_launcher() {
    mount -t tmpfs -o mode=0755 tmpfs /usr/local/sbin
    install -m 0755 "$LOWPORTBIND" /usr/local/sbin/lowportbind
    PATH=/usr/local/sbin:$PATH
}

# lay_over DIRECTORY: from now on, only this test sees what is written to it.
lay_over() {
    layer=$work/layer$(echo "$1" | tr / -)
    mkdir "$layer"
    mount -t tmpfs -o mode=0755 tmpfs "$layer"
    mkdir "$layer/upper" "$layer/work"
    mount -t overlay -o "lowerdir=$1,upperdir=$layer/upper,workdir=$layer/work" overlay "$1" \
        2>>"$log" ||
        skip "needs an overlay on $1: $(tail -n 1 "$log")"
}

# take_port PORT: makes something else listen there, until free_port.
take_port() {
    "$LOWPORTBIND" --user www-data -m inetd -p "$1" -- sleep 1000 </dev/null >>"$log" 2>&1 &
    holder=$!
    started="$started $holder"
    wait_for "another listener" grep -q "$(printf ':%04X [0-9A-F]*:0000 0A ' "$1")" \
        /proc/net/tcp6 /proc/net/tcp
}

free_port() {
    kill "$holder"
    wait_for "the end of the other listener" has_ended "$holder"
}
