# SPDX-License-Identifier: MIT
"""All mutants of a file in one text, each behind a test of its number, so that one build serves all
of them. The number follows MAGIC in the program. Another mutant is a copy of the program with
another number, and costs neither a compilation nor a system call that the tests would see. Number 0
is the unchanged program."""

import struct

MAGIC = b"which mutant it is:"
PRELUDE = ('#include <type_traits>\n'
           'extern "C" volatile struct mutation_choice { char magic[20]; unsigned number; } '
           "mutation_active;\n"
           "static inline bool mutation_is(unsigned number) "
           "{ return mutation_active.number == number; }\n"
           "#line 1\n")
DEFINITION = f'\nvolatile mutation_choice mutation_active = {{"{MAGIC.decode()}", 0}};\n'


def fits(text, mutant):
    """Neither the elements of a constant, nor a case of a switch, which is jumped to: they need
    their own build."""
    return (text[mutant.end - 1] != ","
            and not text[mutant.begin:mutant.end].startswith(("case ", "default:")))


def choose(mutant, number, original, rendered):
    """The text of a place, unchanged except for this mutant."""
    question = f"mutation_is({number})"
    if mutant.kind == "dropped":
        replacement = mutant.replacement
        return f"({question} ? static_cast<bool>({replacement}) : static_cast<bool>({rendered}))"
    if mutant.kind == "removed":
        return f"if ({question}) {{}} else {rendered}"
    if mutant.kind == "unchecked":
        return f"{{ if (!{question}) {rendered}; }}"
    if mutant.replacement.startswith("decltype("):
        return f"({question} ? {mutant.replacement} : {rendered})"
    name = mutant.replacement[:-2]
    kind = f"std::remove_cvref_t<decltype({name})>"
    return f"{name}({question} ? {kind}{{}} : {kind}{rendered[len(name):]})"


def schema(text, numbers):
    """`numbers` gives the number of each mutant to include. Those of one place are nested."""
    def render(begin, end, inside):
        result = ""
        while inside:
            place = (inside[0].begin, inside[0].end)
            here = [mutant for mutant in inside if (mutant.begin, mutant.end) == place]
            within = [mutant for mutant in inside if mutant.begin < place[1] and mutant not in here]
            inside = [mutant for mutant in inside if mutant.begin >= place[1]]
            rendered = render(*place, within)
            for mutant in here:
                rendered = choose(mutant, numbers[mutant], text[slice(*place)], rendered)
            result += text[begin:place[0]] + rendered
            begin = place[1]
        return result + text[begin:end]
    return render(0, len(text), sorted(numbers, key=lambda mutant: (mutant.begin, -mutant.end)))


def with_number(program, number):
    """The bytes of the program that is the mutant with this number."""
    if MAGIC not in program:
        return program  # the linker left the number out, because it contains no mutant's code
    place = program.index(MAGIC) + len(MAGIC) + 1
    if program.find(MAGIC, place) >= 0:
        raise SystemExit("mutation: the program has two places for the mutant's number")
    return program[:place] + struct.pack("@I", number) + program[place + 4:]
