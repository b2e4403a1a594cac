# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What a unit of examples/systemd may bind: the probe in the place of its daemon says. To be read after systemd.sh, and
# used before and after boot_systemd, which is to bind $work/answers at /answers and the probe at /usr/local/bin/probe.
mkdir "$work/answers"

# write_probe_unit NAME [OPTION...]: NAME-probe.service is NAME.service with the probe in the place of nginx, which is
# asked what $work/experiments has in its first column, and with these lines more.
write_probe_unit() {
    unit=$1
    shift
    questions=$(sed 's/ .*//; s/^/bind=/' "$work/experiments" | tr '\n' ' ')
    {
        sed "/^\[Install\]/,\$d
            s|-- nginx$|-- /usr/local/bin/probe|
            s|nginx -e .*|/usr/local/bin/probe $questions|
            s|^Type=.*|Type=oneshot\nStandardOutput=append:/answers/$unit|" "$work/systemd/$unit.service"
        for option in "$@"; do echo "$option"; done
    } >"$work/systemd/$unit-probe.service"
}

# ask_probe NAME: in NAME-probe.service.
ask_probe() {
    control start "$1-probe.service" || fail "systemctl start $1-probe.service"
}

# is_unconfined NAME: where the kernel cannot confine, lowportbind has said so, among the answers.
is_unconfined() {
    grep -qF 'lowportbind: every privileged port is open to the daemon: ' "$work/answers/$1"
}

# check_answers NAME COLUMN: it has said what this column of $work/experiments has.
check_answers() {
    awk -v column="$2" '{ print "bind=" $1 ":\t" $column }' "$work/experiments" >"$work/expected"
    grep '^bind=' "$work/answers/$1" | diff "$work/expected" - >>"$log" ||
        fail "$1.service lets other ports be bound than it should"
}
