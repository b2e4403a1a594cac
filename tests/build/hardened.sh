#!/bin/sh
# SPDX-License-Identifier: MIT
# hardened.sh LAUNCHER SAMPLE_OBJECT COMPILER FILE...: the program is hardened, and so is every
# object it is made of: FILE..., and those of a FILE that is a library. Each check is first tried on
# a program that is not hardened, built from sample.cpp; SAMPLE_OBJECT is the same source with the
# project's own options.
set -eu
launcher=$1
sample=$2
compiler=$3
shift 3
directory=$(mktemp -d)
trap 'rm -rf "$directory"' EXIT

# For a linked program.
is_pie() { readelf -hW "$1" | grep -q 'Type:.*DYN' && readelf -dW "$1" | grep -q 'FLAGS_1.*PIE'; }
has_relro() { readelf -lW "$1" | grep -q 'GNU_RELRO'; }
binds_now() { readelf -dW "$1" | grep -qE 'FLAGS_1.*NOW'; }
has_no_executable_stack() { readelf -lW "$1" | grep 'GNU_STACK' | grep -qv 'RWE'; }
has_no_search_path() { ! readelf -dW "$1" | grep -qE 'RPATH|RUNPATH'; }
# For a linked program's own functions, which are compiled again at link time: some have this
# instruction.
has_instruction() {
    objdump -dC --no-show-raw-insn "$2" |
        awk -v what="$1" \
        '/>:$/ { ours = /<lowport::/ } ours && index($0, what) { found = 1 } END { exit !found }'
}
checks_stack() { has_instruction '<__stack_chk_fail' "$1"; }
has_branch_targets() { has_instruction endbr64 "$1"; }
# For an object: the C library's start-up files have no CET on Debian, so no linked program is
# marked with it.
has_stack_protector() { readelf -sW "$1" | grep -q 'UND __stack_chk_fail'; }
has_cet() { readelf -nW "$1" | grep -q 'x86 feature:.*IBT.*SHSTK'; }
is_fortified() { readelf -sW "$1" | grep -q 'UND __memcpy_chk'; }

must() {
    "$@" && return
    echo "not true: $*" >&2
    exit 1
}
must_not() {
    "$@" || return 0
    echo "this check cannot fail: $*" >&2
    exit 1
}

soft="-O2 -U_FORTIFY_SOURCE -fno-stack-protector -fno-pie"
[ "$(uname -m)" = x86_64 ] && soft="$soft -fcf-protection=none"
# shellcheck disable=SC2086  # a list of options
"$compiler" $soft -c "$(dirname "$0")/sample.cpp" -o "$directory/soft.o"
"$compiler" -no-pie -Wl,-z,norelro,-z,lazy,-z,execstack,-rpath,/nowhere "$directory/soft.o" \
    -o "$directory/soft" \
    2>"$directory/warnings"
checks="is_pie has_relro binds_now has_no_executable_stack has_no_search_path checks_stack"
[ "$(uname -m)" = x86_64 ] && checks="$checks has_branch_targets"
for check in $checks; do
    must_not "$check" "$directory/soft"
    must "$check" "$launcher"
done

mkdir "$directory/objects"
for file in "$@"; do
    part=$directory/objects/$(basename "$file")
    mkdir "$part"
    case $file in
        *.a) (cd "$part" && ar x "$file") ;;
        *) cp "$file" "$part" ;;
    esac
done
checks=has_stack_protector
[ "$(uname -m)" = x86_64 ] && checks="$checks has_cet"
for check in $checks is_fortified; do
    must_not "$check" "$directory/soft.o"
    must "$check" "$sample"
done
for check in $checks; do
    for object in "$directory"/objects/*/*.o; do must "$check" "$object"; done
done
echo "hardened: $launcher and $(find "$directory/objects" -name '*.o' | wc -l) objects"
