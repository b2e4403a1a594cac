#!/bin/sh
# SPDX-License-Identifier: MIT
# The completions, in their shells: what is offered where, and what the line becomes. bash and zsh
# get their own terminal and are driven by keys; fish prints what it would put on the line.
set -eu

: "${LOWPORTBIND:=lowportbind}"
LOWPORTBIND=$(readlink -f "$(command -v "$LOWPORTBIND")") ||
    { echo "failed: no launcher: set LOWPORTBIND"; exit 1; }
tests=$(cd "$(dirname "$0")" && pwd)
completions=$(cd "$tests/../../completions" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"
export PATH="$work/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
bash_completion=/usr/share/bash-completion/bash_completion

# lacks SHELL: prints what its test needs but cannot find.
lacks() {
    for command in python3 "${1%%-*}"; do
        command -v "$command" >/dev/null || { echo "the command $command"; return; }
    done
    [ -r /etc/services ] || echo "the file /etc/services"
    [ "$1" != bash ] || [ -r "$bash_completion" ] || echo "the file $bash_completion"
    python3 -c 'import os; os.openpty()' 2>/dev/null || echo "a pseudo-terminal"
}

# `line| => candidates`: all of them are offered at |, those after ! are not, and nothing else is,
# unless there is `...`.
candidates() {
    cat <<'TABLE'
lowportbind --mo| => --mode
lowportbind --xx| =>
lowportbind -m | => ambient inetd listen-fds nginx
lowportbind --mode l| => listen-fds
lowportbind --mode=| => ambient inetd listen-fds nginx
lowportbind --mode=zz| =>
lowportbind -mi| => inetd
lowportbind --confine | => listed off privileged
lowportbind --confine=p| => privileged
lowportbind --backlog | =>
lowportbind -u | => root daemon www-data !nogroup !adm !--mode ...
lowportbind -u roo| => root
lowportbind --user=roo| => root
lowportbind -uroo| => root
lowportbind -u root:| => adm audio www-data !init ...
lowportbind -u root:aud| => audio
lowportbind --user=root:aud| => audio
lowportbind --groups | => init none keep adm audio ...
lowportbind --groups=ke| => keep
lowportbind --groups adm,| => audio !init !none !keep ...
lowportbind --groups adm,aud| => audio
lowportbind --groups adm,keep| =>
lowportbind -p finge| => finger
lowportbind -p boot| => bootps/udp bootpc/udp
lowportbind --port=finge| => finger
lowportbind -pfinge| => finger
lowportbind -p 80,finge| => finger
lowportbind -p 80,web=*:finge| => finger
lowportbind -p xx| =>
lowportbind --env LOWPORTBIND_TEST_| => LOWPORTBIND_TEST_VARIABLE
lowportbind --env=LOWPORTBIND_TEST_| => LOWPORTBIND_TEST_VARIABLE
lowportbind --env LOWPORTBIND_TEST_VARIABLE=| =>
lowportbind --keep-fd | => 7 !0 !1 !2 ...
lowportbind --keep-fd=| => 7 !0 !1 !2 ...
lowportbind -m inetd -u root -| => -p --port -n !-m !--mode !-u !--user ...
lowportbind --mode=inetd --user root --m| =>
lowportbind -minetd --m| =>
lowportbind -p 80 --env A --keep-fd 3 -| => -p --port --env --keep-fd ...
lowportbind --clear-env --c| => --check --confine
lowportbind -n --c| => --confine --clear-env
lowportbind -- demo-comm| => demo-command
lowportbind -u -- demo-comm| => demo-command
lowportbind -p 80 -- demo-command --mo| =>
lowportbind -- -- --mo| =>
lowportbind --user -- --mo| =>
lowportbind -- demo-command -m amb| =>
lowportbind -- demo-command --mode=amb| =>
lowportbind demo-comm| =>
TABLE
}

# The same, for a shell that can complete the command after --, or the one before lowportbind.
candidates_of_commands() {
    cat <<'TABLE'
lowportbind -- demo-command -| => --alpha --beta
lowportbind -p 80 -u root -- demo-command --al| => --alpha
lowportbind --user=root:adm -- demo-command --al| => --alpha
lowportbind -- demo-command -- --al| => !--mode !-m ...
lowportbind -- lowportbind -m | => ambient inetd listen-fds nginx
lowportbind -m inetd -- lowportbind --mo| => --mode
lowportbind -- ls --al| => --all --almost-all
nice lowportbind --mode=l| => listen-fds
TABLE
}

# What the whole line becomes.
lines() {
    cat <<'TABLE'
lowportbind --mod| => lowportbind --mode
lowportbind --mode=l| => lowportbind --mode=listen-fds
lowportbind -ml| => lowportbind -mlisten-fds
lowportbind -u root:aud| => lowportbind -u root:audio
lowportbind --user=root:aud| => lowportbind --user=root:audio
lowportbind --groups=adm,aud| => lowportbind --groups=adm,audio
lowportbind -p 80,finge| => lowportbind -p 80,finger
lowportbind --port=80,web=*:finge| => lowportbind --port=80,web=*:finger
lowportbind -p bootps| => lowportbind -p bootps/udp
lowportbind --mode=zz| => lowportbind --mode=zz
lowportbind -n > bin/demo-comm| => lowportbind -n > bin/demo-command
lowportbind --user=root -- demo-comm| => lowportbind --user=root -- demo-command
TABLE
}

# The start-up files are beside this script. Each shell finds the completion by name, as if it were
# installed.
mkdir -p bin share/bash-completion/completions share/fish/vendor_completions.d
ln -s "$LOWPORTBIND" bin/lowportbind
ln -s /bin/true bin/demo-command
ln -s "$completions/lowportbind.bash" share/bash-completion/completions/lowportbind
ln -s "$completions/lowportbind.fish" share/fish/vendor_completions.d/lowportbind.fish
ln -s "$tests/completions.zshrc" .zshrc

# in_shell COMMAND...: runs it without the caller's environment.
in_shell() {
    env -i HOME="$work" ZDOTDIR="$work" XDG_DATA_HOME="$work/share" \
        XDG_CONFIG_HOME="$work/.config" \
        PATH="$PATH" TERM=xterm INPUTRC=/dev/null COMPLETIONS="$completions" ANSWER="$work/answer" \
        LOWPORTBIND_TEST_VARIABLE=1 "$@"
}

# press SHELL KEY: prints what each line of standard input becomes with that key. fish needs no
# terminal for this: it prints what can replace the last word.
press() {
    case $1 in
        bash) set -- "$2" "BASH_COMPLETION=$bash_completion" bash --noprofile \
            --rcfile "$tests/completions.bashrc" -i ;;
        bash-alone) set -- "$2" BASH_COMPLETION= bash --noprofile \
            --rcfile "$tests/completions.bashrc" -i ;;
        zsh) set -- "$2" BASH_COMPLETION= zsh -d -i ;;
        fish)
            in_shell fish "$tests/completions.fish" 7</dev/null
            return
            ;;
    esac
    key=$1
    assignment=$2
    shift 2
    sed "s/^/$key /" | in_shell "$assignment" python3 "$tests/press_keys.py" "$work/answer" "$@"
}

# ask SHELL KEY: reads `line| => expected`, prints `line|answer|expected`.
ask() {
    cat >rows
    sed 's/| =>.*//' rows | press "$1" "$2" >answers
    sed 's/.*| => *//' rows >expected
    [ "$(wc -l <answers)" -eq "$(wc -l <rows)" ] ||
        { echo "failed: $1 did not answer every line"; exit 1; }
    sed 's/| =>.*//' rows | paste -d '|' - answers expected
}

fail() {
    echo "failed: $*"
    : >failed
}

# Prints the candidates in the answer $2 to the line $1: only what follows = : or a comma in a word
# counts.
candidates_in() {
    [ "${1% }" != "${2% }" ] || return 0
    before=${1% *}
    printf '%s\n' "${2#"$before "}" | tr ' ' '\n' |
        sed '/^$/d; s/[=:,]$//; s/.*[=:,]//; s/^-[[:alpha:]]\(..*\)/\1/' | sort -u | tr '\n' ' '
}

# check_candidates SHELL LINE ANSWER EXPECTED
check_candidates() {
    found=" $(candidates_in "$2" "$3")"
    rest=$found
    for word in $4; do
        case $word in
            ...) rest= ;;
            !*) case $found in *" ${word#!} "*) fail "$1: $2| offers ${word#!}" ;; esac ;;
            *)
                case $found in
                    *" $word "*) ;;
                    *) fail "$1: $2| does not offer $word, only:$found" ;;
                esac
                ;;
        esac
        rest=$(printf '%s' "$rest" | sed "s| ${word#!} | |")
    done
    [ -z "${rest# }" ] || fail "$1: $2| offers more than was expected:$rest"
}

options=$("$LOWPORTBIND" --help | grep -oE '^ +(-[[:alpha:]], )?--[a-z-]+' | tr -d ,)
[ "$(printf '%s\n' "$options" | wc -l)" -gt 10 ] || fail "--help lists no options"

skipped=
for shell in bash bash-alone zsh fish; do
    reason=$(lacks "$shell")
    if [ -n "$reason" ]; then
        echo "skipped: $shell needs $reason"
        skipped=yes
        continue
    fi
    {
        candidates
        [ "$shell" = bash-alone ] || candidates_of_commands
        # shellcheck disable=SC2086  # a list of words
        echo "lowportbind -| =>" $options
    } | ask "$shell" all >asked
    while IFS='|' read -r line answer expected; do
        check_candidates "$shell" "$line" "$answer" "$expected"
    done <asked
    lines | ask "$shell" tab >asked
    while IFS='|' read -r line answer expected; do
        answer=$(printf '%s' "$answer" | sed 's/[ =:,]*$//')
        [ "$answer" = "$expected" ] || fail "$shell: $line| becomes $answer, not $expected"
    done <asked
done
[ ! -e failed ]
if [ -n "$skipped" ]; then
    [ "${LOWPORTBIND_REQUIRE_ALL:-0}" = 1 ] && exit 1
    exit 77
fi
