# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What a unit of examples/systemd may bind, as the probe reports in place of its daemon. Source it
# after systemd.sh, and use it before and after boot_systemd, which must bind $work/answers at
# /answers and the probe at /usr/local/bin/probe.
mkdir "$work/answers"

# write_probe_unit NAME [OPTION...]: writes NAME-probe.service: NAME.service with the probe in place
# of nginx, asked what is in the first column of $work/experiments, and with these additional lines.
write_probe_unit() {
    unit=$1
    shift
    questions=$(sed 's/ .*//; s/^/bind=/' "$work/experiments" | tr '\n' ' ')
    {
        sed "/^\[Install\]/,\$d
            s|-- nginx$|-- /usr/local/bin/probe|
            s|nginx -e .*|/usr/local/bin/probe $questions|
            s|^Type=.*|Type=oneshot\nStandardOutput=append:/answers/$unit|" \
            "$work/systemd/$unit.service"
        for option in "$@"; do echo "$option"; done
    } >"$work/systemd/$unit-probe.service"
}

# ask_probe NAME: runs NAME-probe.service.
ask_probe() {
    control start "$1-probe.service" || fail "systemctl start $1-probe.service"
}

# is_unconfined NAME: the answers contain lowportbind's warning that the kernel cannot confine.
is_unconfined() {
    grep -qF 'lowportbind: every privileged port is open to the daemon: ' "$work/answers/$1"
}

# check_answers NAME COLUMN: the answers are those in this column of $work/experiments.
check_answers() {
    awk -v column="$2" '{ print "bind=" $1 ":\t" $column }' "$work/experiments" >"$work/expected"
    grep '^bind=' "$work/answers/$1" | diff "$work/expected" - >>"$log" ||
        fail "$1.service allows different ports than it should"
}
