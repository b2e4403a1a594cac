# SPDX-License-Identifier: MIT
# bash completion for lowportbind. The package bash-completion is needed only for what follows `--`:
# without it, the command is completed with the names of commands and files.

# Rejoins what bash splits at = : and @, as `words`, up to the cursor. `command` becomes the index
# in COMP_WORDS of the word after the first `--` if the cursor is there or later, otherwise 0.
_lowportbind_split_line()
{
    local line=${COMP_LINE:0:COMP_POINT} index blanks word
    words=()
    command=0
    for ((index = 0; index <= COMP_CWORD; index++)); do
        blanks=${line%%[![:space:]]*}
        line=${line#"$blanks"}
        word=${COMP_WORDS[index]}
        ((index < COMP_CWORD)) || word=$line
        line=${line#"$word"}
        if ((index > 0)) && [[ -z $blanks ]]; then
            words[-1]+=$word
        else
            ((command == 0 && index > 1)) && [[ ${words[-1]} == -- ]] && command=$index
            words+=("$word")
        fi
    done
}

# Sets `option` to the option in a word, and `prefix` to what precedes the value attached to it.
_lowportbind_split_word()
{
    option=$1
    prefix=
    case $1 in
        --*=*) option=${1%%=*} prefix=$option= ;;
        -[!-]?*) option=${1:0:2} prefix=$option ;;
    esac
}

# Sets `candidates` to the options that can be given: all that are not in `given`, and those that
# can be repeated.
_lowportbind_list_options()
{
    local names name
    candidates=(-p --port --env --keep-fd)
    for names in -u,--user --groups -m,--mode --confine --backlog --reuse-port --clear-env \
        --own-stdio --new-session --allow-new-privs -n,--check --json -v,--verbose -h,--help \
        -V,--version; do
        for name in "${given[@]}"; do
            [[ ,$names, == *",$name,"* ]] && continue 2
        done
        candidates+=("${names%,*}" "${names#*,}")
    done
}

_lowportbind_list_services()
{
    local name port
    [[ -r /etc/services ]] || return
    while read -r name port _; do
        case $name:$port in
            \#*) ;;
            */tcp) candidates+=("$name") ;;
            */udp) candidates+=("$name/udp") ;;
        esac
    done </etc/services
}

# Sets `candidates` to the values of `option`. What precedes the last item of a list goes to
# `prefix`.
_lowportbind_list_values()
{
    local value=${current#"$prefix"}
    candidates=()
    case $option in
        -u | --user)
            if [[ $value == *:* ]]; then
                prefix+=${value%%:*}:
                mapfile -t candidates < <(compgen -g)
            else
                mapfile -t candidates < <(compgen -u)
            fi
            ;;
        --groups)
            prefix+=${value%"${value##*,}"}
            mapfile -t candidates < <(compgen -g)
            [[ $value == *,* ]] || candidates+=(init none keep)
            ;;
        -p | --port)
            prefix+=${value%"${value##*[,=:]}"}
            _lowportbind_list_services
            ;;
        -m | --mode) candidates=(ambient listen-fds inetd nginx) ;;
        --confine) candidates=(privileged listed off) ;;
        --env) mapfile -t candidates < <(compgen -e) ;;
        --keep-fd)
            # Ask a child process, in which the shell's own descriptors are closed.
            # shellcheck disable=SC2016  # for the child
            mapfile -t candidates < <(command sh -c 'for fd in /proc/$$/fd/*; do
                [ -e "$fd" ] && [ "${fd##*/}" -gt 2 ] && echo "${fd##*/}"; done')
            ;;
    esac
}

# Completes what follows `--` as if it were alone on the line; $1 is where it starts.
_lowportbind_complete_command()
{
    local shift_words
    for shift_words in _comp_command_offset _command_offset; do
        if declare -F "$shift_words" >/dev/null; then
            "$shift_words" "$1"
            return
        fi
    done
    compopt -o default
    ((COMP_CWORD == $1)) && mapfile -t COMPREPLY < <(compgen -c -- "${COMP_WORDS[COMP_CWORD]}")
}

_lowportbind()
{
    local words command current word option='' prefix='' kept='' given=() candidates=()
    local valued='^(-[upm]|--(user|groups|port|mode|confine|backlog|env|keep-fd))$'
    COMPREPLY=()
    _lowportbind_split_line
    if ((command > 0)); then
        _lowportbind_complete_command "$command"
        return
    fi
    current=${words[-1]}
    if [[ ${words[-2]} == *[\<\>] || $current == *[\<\>]* ]]; then
        compopt -o default
        return
    fi
    for word in "${words[@]:1:${#words[@]}-2}"; do
        if [[ $option ]]; then
            option=
            continue
        fi
        _lowportbind_split_word "$word"
        given+=("$option")
        [[ $word =~ $valued ]] || option=
        prefix=
    done
    if [[ -z $option ]]; then
        _lowportbind_split_word "$current"
        [[ $prefix ]] || option=
    fi
    if [[ $option ]]; then _lowportbind_list_values; else _lowportbind_list_options; fi

    # Readline replaces only what follows the last character that bash splits at.
    local breaks=${COMP_WORDBREAKS//[^=:@]/}
    [[ $breaks ]] && kept=${current%"${current##*["$breaks"]}"}
    for word in "${candidates[@]}"; do
        word=$prefix$word
        [[ $word == "$current"* ]] && COMPREPLY+=("${word#"$kept"}")
    done
}

complete -F _lowportbind lowportbind
