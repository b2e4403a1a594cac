# SPDX-License-Identifier: MIT
# Start-up file of the zsh that completions.sh tests. press_keys.py explains C-x a and C-x b.
fpath=($COMPLETIONS $fpath)
autoload -Uz compinit && compinit -u -D
_demo_command() { _arguments --alpha --beta }
compdef _demo_command demo-command

zle -C all-matches complete-word _generic
zstyle ':completion:all-matches:*' completer _all_matches _complete
zstyle ':completion:all-matches:*' insert true
answer() {
  print -r -- "$BUFFER" >$ANSWER.new
  mv $ANSWER.new $ANSWER
  BUFFER=
}
zle -N answer
bindkey -e
bindkey '^Xa' all-matches '^Xb' answer
PS1='ready> '
