# SPDX-License-Identifier: MIT
# shellcheck shell=sh
# What a test needs from the machine, what it prints when it cannot run, and how it leaves nothing
# behind. For every script here that is a test or prepares one.

# skip REASON...: skips the test, or fails it if everything is required.
skip() {
    # shellcheck disable=SC2034  # for daemon.sh, which prints the log if no reason was given
    reason_given=yes
    if [ "${LOWPORTBIND_REQUIRE_ALL:-0}" = 1 ]; then
        echo "required, but cannot run: $*"
        exit 1
    fi
    echo "skipped: $*"
    exit 77
}

# need_commands NAME...
need_commands() {
    for command in "$@"; do
        command -v "$command" >/dev/null || skip "needs the command $command"
    done
}

# print_mirror: prints the Debian mirror that this machine's apt uses, or nothing if there is none.
print_mirror() {
    codename=$(sed -n 's/^VERSION_CODENAME=//p' /etc/os-release)
    apt-get update --print-uris 2>/dev/null |
        sed -n "s,^'\(.*\)/dists/$codename/InRelease'.*,\1,p" | head -n 1
}

# clean_up_at_end: calls the script's own clean_up however the script ends.
clean_up_at_end() {
    trap clean_up EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 141' PIPE
    trap 'exit 143' TERM
}

# remove_tree DIRECTORY: unmounts what is mounted below it without removing the contents.
# debootstrap, a container engine or an interrupted test leaves such mounts.
remove_tree() {
    awk -v below="$1/" 'index($5, below) == 1 { print $5 }' /proc/self/mountinfo | sort -r |
        while read -r mounted; do umount --lazy "$mounted" || :; done
    rm -rf --one-file-system "$1"
}
