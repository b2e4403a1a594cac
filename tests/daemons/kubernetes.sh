#!/bin/sh
# SPDX-License-Identifier: MIT
# The pods of examples/kubernetes: they are valid by Kubernetes' own models, they fit the Pod
# Security level that they claim, and under Docker, with the options that follow from each
# securityContext, the daemon gets its port.
#
# This runs neither a kubelet nor an API server. It does not test what Kubernetes does beyond the
# securityContext, and does not check values against lists of allowed words.
set -eu
# shellcheck source=../support/docker.sh
. "$(dirname "$0")/../support/docker.sh"

pod_py=$(cd "$examples/.." && pwd)/tests/support/pod.py
# Use Debian's python3: another one does not have Debian's modules.
pod() {
    /usr/bin/python3 -B "$pod_py" "$@"
}
/usr/bin/python3 -c 'import kubernetes.client, yaml' 2>/dev/null ||
    skip "needs the package python3-kubernetes"

copy_example kubernetes
pods=$work/kubernetes

# expect_no_pod REASON SED-SCRIPT: root.yaml, spoilt by this script, is refused.
expect_no_pod() {
    sed "$2" "$pods/root.yaml" >"$work/spoilt.yaml"
    if cmp -s "$pods/root.yaml" "$work/spoilt.yaml"; then fail "nothing to spoil: $2"; fi
    if pod check "$work/spoilt.yaml" 2>"$work/errors"; then fail "this is accepted as a pod: $2"; fi
    cat "$work/errors" >>"$log"
    grep -q -e "$1" "$work/errors" || fail "this is refused for another reason: $2"
}

# expect_level LEVEL FILE [SED-SCRIPT]
expect_level() {
    sed "${3:-}" "$pods/$2" >"$work/changed.yaml"
    expect "the Pod Security level of $2 ${3:-}" "$(pod level "$work/changed.yaml")" "$1"
}

# expect_no_level REASON SED-SCRIPT: nonroot-sysctl.yaml, changed by this script, is a pod, but gets
# no level.
expect_no_level() {
    sed "$2" "$pods/nonroot-sysctl.yaml" >"$work/changed.yaml"
    pod check "$work/changed.yaml" 2>>"$log" || fail "this is not a pod: $2"
    if pod level "$work/changed.yaml" >>"$log" 2>"$work/errors"; then
        fail "this gets a level: $2"
    fi
    cat "$work/errors" >>"$log"
    grep -q "$1" "$work/errors" || fail "this gets no level for another reason: $2"
}

for file in "$pods"/*.yaml; do
    pod check "$file" 2>>"$log" || fail "${file##*/} is not a pod"
done
expect_no_pod ': V1SecurityContext has no such field' \
    's/readOnlyRootFilesystem/readOnlyRootFileSystem/'
expect_no_pod ': not of type int' 's/containerPort: 80/containerPort: "80"/'
expect_no_pod ': not a list' 's/drop: .*/drop: ALL/'
expect_no_pod 'name: twice' 's/- name: www/- name: www\n      name: twice/'
# shellcheck disable=SC2016  # the words of the models
expect_no_pod ': Invalid value for `name`' '/^      image:/d; s/- name: www/- image: www/'
expect_no_pod 'not a Pod of v1' 's/kind: Pod/kind: Pot/'

expect_level baseline root.yaml
expect_level baseline fsgroup.yaml
expect_level restricted nonroot-capability.yaml
expect_level baseline nonroot-capability.yaml 's/Escalation: false/Escalation: true/'
expect_level restricted nonroot-sysctl.yaml
expect_level privileged root.yaml 's/"SETUID"/"SYS_ADMIN"/'
expect_level privileged nonroot-sysctl.yaml 's/ip_unprivileged_port_start/ip_forward/'
expect_level baseline nonroot-sysctl.yaml 's/Escalation: false/Escalation: true/'
# A field that matters for the level and is unknown here means no level at all.
expect_no_level 'hostPort' 's/containerPort: 80/&\n          hostPort: 80/'
expect_no_level 'hostPath' \
    's/^  containers:/  volumes:\n    - name: root\n      hostPath: {path: \/}\n&/'
expect_no_level 'annotations' \
    's/^  name: www/&\n  annotations: {container.apparmor.security.beta.kubernetes.io\/www: unconfined}/'
expect_no_level 'runtimedefault' 's/RuntimeDefault/runtimedefault/'

start_engine
build_image static.Dockerfile
build_image nonroot.Dockerfile

# run_pod FILE SED-SCRIPT QUESTION...: runs the manifest under Docker after this change, with the
# probe as its daemon.
run_pod() {
    sed "$2" "$pods/$1" >"$work/changed.yaml"
    if [ -n "$2" ] && cmp -s "$pods/$1" "$work/changed.yaml"; then
        fail "nothing to change in $1: $2"
    fi
    pod docker "$work/changed.yaml" "$work/volumes" >"$work/words" ||
        fail "cannot run $1 under Docker"
    tr '\n' ' ' <"$work/words" >>"$log"
    shift 2
    for question in "$@"; do echo "$question"; done >>"$work/words"
    set --
    while IFS= read -r word; do set -- "$@" "$word"; done <"$work/words"
    try_to_run "$@"
}

# ask_pod FILE [SED-SCRIPT]: runs it, and asks it what every daemon is asked.
ask_pod() {
    run_pod "$1" "${2:-}" status pid fds bind=tcp/4/80 bind=tcp/4/81 bind=tcp/4/443 \
        read=/key/tls.key
    expect "the status of $1" "$status" 0
}

# expect_refusal FILE SED-SCRIPT MESSAGE: with this change the launcher refuses.
expect_refusal() {
    run_pod "$1" "$2" status
    expect "the status of $1 with $2" "$status" 125
    grep -q "^lowportbind: $3" "$work/errors" || fail "$1 with $2: a different message"
    grep -q '^lowportbind: hint: ' "$work/errors" || fail "$1 with $2: no hint"
    [ ! -s "$work/answers" ] || fail "$1 with $2: the daemon ran"
}

# expect_no_port FILE [SED-SCRIPT]: without the launcher, the daemon of this manifest does not get
# its port.
expect_no_port() {
    run_pod "$1" \
        '/^      command:/d; s|^      args: .*|      command: ["/daemon"]\n      args: []|;'"${2:-}" \
        status bind=tcp/4/80 bind=tcp/4/443
    expect "the status of $1 without the launcher" "$status" 0
    expect_answer bind=tcp/4/80 EACCES
    engine_filters=$(count_filters "$work/answers")
}

cannot_give='cannot grant the port: 80/tcp: ports below 1024 need CAP_NET_BIND_SERVICE'
as_www_data='s/^    seccompProfile:/    runAsUser: 33\n&/'

expect_no_port root.yaml "$as_www_data"
ask_pod root.yaml
check_www "$bind_capability" 00000000000004c0
compare_confinement "$engine_filters"
expect_refusal root.yaml 's/, "NET_BIND_SERVICE"//' "$cannot_give"
expect_refusal root.yaml 's/"SETUID", //' 'cannot become: www-data'

# check_nonroot_capability [SED-SCRIPT]: without the launcher, the daemon has the manifest's
# capability only in its bounding set. A launcher without a file capability reports what to do. The
# pod is restricted under newer engines, and baseline under this one.
check_nonroot_capability() {
    expect_no_port nonroot-capability.yaml "${1:-}"
    expect_answer CapBnd "$bind_capability"
    expect_answer CapPrm "$no_capability"
    ask_pod nonroot-capability.yaml "${1:-}"
    check_www "$bind_capability"
    compare_confinement "$engine_filters"
    expect_refusal nonroot-capability.yaml "${1:-};"'s/image: .*/image: www/' "$cannot_give"
    expect_refusal nonroot-capability.yaml "${1:-};"'s/ *add: .*//' "$cannot_give"
}
runtime=newer
check_nonroot_capability
runtime=runc
check_nonroot_capability 's/Escalation: false/Escalation: true/'

# Without the sysctl, this pod cannot work.
expect_no_port nonroot-sysctl.yaml 's/value: "80"/value: "81"/'
ask_pod nonroot-sysctl.yaml
check_www "$no_capability"
run_pod nonroot-sysctl.yaml '' bind=tcp/4/79
expect_answer bind=tcp/4/79 EACCES
expect_refusal nonroot-sysctl.yaml 's/value: "80"/value: "81"/' 'cannot grant the port: 80/tcp: '

# Like root.yaml, on port 443. The key is for group 2000, which the daemon has with `--groups keep`.
expect_no_port fsgroup.yaml 's/^    fsGroup:/    runAsUser: 33\n&/'
expect_answer bind=tcp/4/443 EACCES
run_pod fsgroup.yaml 's/"--groups", "keep", //' read=/key/tls.key
expect_answer read=/key/tls.key EACCES
# shellcheck disable=SC2034  # for check_status
groups=2000
ask_pod fsgroup.yaml
check_status "$work/answers" "$bind_capability" 00000000000004c0
expect_answer bind=tcp/4/443 ok
expect_answer bind=tcp/4/80 "$(if [ "$confines_here" = yes ]; then echo EACCES; else echo ok; fi)"
expect_answer read=/key/tls.key ok

stop_engine
