# SPDX-License-Identifier: MIT
# fish completion for lowportbind.

# Whether an option can still be given: none of its names, $argv, is on the line. fish itself offers
# no option after `--`.
function __lowportbind_lacks
    set -l tokens (commandline -opc)
    set -e tokens[1]
    # After an option with a value comes its value.
    string match -rq -- '^(-[upm]|--(user|groups|port|mode|confine|backlog|env|keep-fd))$' \
        "$tokens[-1]"
    and set -e tokens[-1]
    for name in $argv
        string match -rq -- "^(-$name|--$name(=.*)?\$)" $tokens
        and return 1
    end
    return 0
end

# Completes what follows the first `--` as if it were alone on the line.
function __lowportbind_complete_command
    set -l tokens (commandline -opc)
    set -l separator (contains -i -- -- $tokens)
    or return
    set -e tokens[1..$separator]
    set -l line (string join -- ' ' (string escape -- $tokens) (commandline -ct))
    complete --do-complete="$line"
end

# Prints $argv[2..], each after the part of the value that is already typed: as much as the pattern
# $argv[1] matches.
function __lowportbind_append
    set -l value (commandline -ct | string replace -r -- '^(--[a-z-]+=|-[a-z])' '')
    set -l before (string match -r -- "$argv[1]" "$value")
    printf '%s\n' "$before"$argv[2..]
end

function __lowportbind_accounts
    __lowportbind_append '^' (__fish_complete_users)
    string match -q '*:*' -- (commandline -ct)
    and __lowportbind_append '^[^:]*:' (__fish_complete_groups)
end

function __lowportbind_groups
    printf '%s\t%s\n' init 'those of the user' none 'no supplementary groups' keep 'those of the caller'
    __lowportbind_append '^(?:.*,)?' (__fish_complete_groups)
end

function __lowportbind_services
    test -r /etc/services
    or return
    __lowportbind_append '^(?:.*[,=:])?' \
        (string replace -rf '^([^#\s]+)\s+(\d+)/tcp.*' '$1\tport $2' </etc/services) \
        (string replace -rf '^([^#\s]+)\s+(\d+)/udp.*' '$1/udp\tport $2' </etc/services)
end

# Ask a child process, in which the shell's own descriptors are closed.
function __lowportbind_descriptors
    command sh -c 'for fd in /proc/$$/fd/*; do
        [ -e "$fd" ] && [ "${fd##*/}" -gt 2 ] && echo "${fd##*/}"; done'
end

complete -c lowportbind -f
complete -c lowportbind -a '(__lowportbind_complete_command)'
complete -c lowportbind -n '__lowportbind_lacks u user' -s u -l user -x \
    -a '(__lowportbind_accounts)' -d 'Run as this user: names, ids, or +N for an id'
complete -c lowportbind -n '__lowportbind_lacks groups' -l groups -x -a '(__lowportbind_groups)' \
    -d 'Supplementary groups: init, none, keep, or a list'
complete -c lowportbind -n __lowportbind_lacks -s p -l port -x -a '(__lowportbind_services)' \
    -d 'Listen here: [NAME=][HOST:]PORT[-LAST][/tcp|/udp]'
complete -c lowportbind -n '__lowportbind_lacks m mode' -s m -l mode -x \
    -d 'How the daemon gets its ports' \
    -a 'ambient\t"The daemon binds them itself, with the capability for it"
    listen-fds\t"It is handed open sockets through LISTEN_FDS"
    inetd\t"It is handed one open socket as descriptors 0 and 1"
    nginx\t"It is handed open sockets through NGINX"'
complete -c lowportbind -n '__lowportbind_lacks confine' -l confine -x \
    -d 'Which unlisted ports it cannot bind' \
    -a 'privileged\t"Privileged ports (default with the capability)"
    listed\t"All of them"
    off\t"None that its capabilities allow"'
complete -c lowportbind -n '__lowportbind_lacks backlog' -l backlog -x \
    -d 'Queue length of a listening socket (default 4096)'
complete -c lowportbind -n '__lowportbind_lacks reuse-port' -l reuse-port \
    -d 'Open the sockets with SO_REUSEPORT'
complete -c lowportbind -n __lowportbind_lacks -l env -x -a '(set --names -x)' \
    -d 'Set a variable, or keep it'
complete -c lowportbind -n '__lowportbind_lacks clear-env' -l clear-env \
    -d 'Start with only PATH, TERM, LANG, LC_* and TZ'
complete -c lowportbind -n __lowportbind_lacks -l keep-fd -x -a '(__lowportbind_descriptors)' \
    -d 'Leave this descriptor open'
complete -c lowportbind -n '__lowportbind_lacks own-stdio' -l own-stdio \
    -d 'Let the daemon open /dev/stdout and /dev/stderr'
complete -c lowportbind -n '__lowportbind_lacks new-session' -l new-session \
    -d 'Leave the terminal\'s session: setsid'
complete -c lowportbind -n '__lowportbind_lacks allow-new-privs' -l allow-new-privs \
    -d 'Let setuid and file-capability helpers of the daemon work'
complete -c lowportbind -n '__lowportbind_lacks n check' -s n -l check \
    -d 'Do everything except the exec, and print the plan'
complete -c lowportbind -n '__lowportbind_lacks json' -l json \
    -d 'Print the result of --check as a JSON object'
complete -c lowportbind -n '__lowportbind_lacks v verbose' -s v -l verbose \
    -d 'Print each step on stderr'
complete -c lowportbind -n '__lowportbind_lacks h help' -s h -l help -d 'Print the help and exit'
complete -c lowportbind -n '__lowportbind_lacks V version' -s V -l version \
    -d 'Print the version and exit'
