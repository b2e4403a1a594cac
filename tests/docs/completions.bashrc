# SPDX-License-Identifier: MIT
# Start-up file of the bash that completions.sh tests. press_keys.py explains C-x a and C-x b.
if [[ -n $BASH_COMPLETION ]]; then
    # shellcheck source=/dev/null
    . "$BASH_COMPLETION"
else
    # shellcheck source=/dev/null
    . "$COMPLETIONS/lowportbind.bash"
fi
complete -W '--alpha --beta' demo-command

answer() {
    printf '%s\n' "$READLINE_LINE" >"$ANSWER.new"
    mv "$ANSWER.new" "$ANSWER"
    READLINE_LINE='' READLINE_POINT=0
}
bind '"\C-xa": insert-completions'
bind -x '"\C-xb": answer'
PS1='ready> '
