# SPDX-License-Identifier: MIT
# Answers completions.sh for fish: prints each line of standard input with the candidates in place
# of its last word, or unchanged if there are none. If nothing begins with that word, fish offers
# what contains it; this script does not.
complete -c demo-command -f -l alpha
complete -c demo-command -f -l beta
while read --line line
    set -l word (string replace -r '.* ' '' -- $line)
    set -l candidates (complete -C $line | string replace -r '\t.*' '' |
        string match -r -- '^'(string escape --style=regex -- $word)'.*')
    set -q candidates[1]
    or set candidates $word
    echo (string replace -r '[^ ]*$' '' -- $line)(string join ' ' -- $candidates)
end
