# SPDX-License-Identifier: MIT
# What completions.sh asks of fish: for each line of standard input, the line with the candidates in place of its last
# word, or as it is if there are none. Where nothing begins with that word, fish offers what has it inside: not here.
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
