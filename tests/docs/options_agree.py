# SPDX-License-Identifier: MIT
"""options_agree.py LAUNCHER: reads the options wherever they are listed, in the form that they have
there, and compares

- their names and letters, whether each takes a value, and whether it can be repeated, and if its
  values are words, as for --mode, the words: in the program, --help, the manual page and the
  completions;
- their order: in the program and --help, and with their groups in --help and the manual page;
- that README.md and the manual page mention each of them, and none that does not exist.

completions.sh tests whether the shells really offer what their files say.
"""
import re
import subprocess
import sys
from typing import NamedTuple

LAUNCHER = sys.argv[1]


class Option(NamedTuple):
    name: str
    letter: str
    takes: str  # "value" or "switch"
    repeat: str  # "repeatable" or "once"
    words: tuple = ()  # the possible values


def make_option(name, letter, takes_value, is_repeatable, words=()):
    return Option(name, letter, "value" if takes_value else "switch",
                  "repeatable" if is_repeatable else "once",
                  tuple(sorted(set(words))))


def read(path):
    with open(path, encoding="utf-8") as file:
        return file.read()


def run(*arguments):
    return subprocess.run([LAUNCHER, *arguments], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
                          check=False)


def knows(option, word):
    """Whether the word alone is a value of the option, not just the first of a list. --help ends
    the launch."""
    return (run(option, word, "--help").returncode == 0
            and run(option, word + ",x", "--help").returncode != 0)


def options_of_program(enumerated):
    """Definition{{'m', "mode", Takes::kOneValue}, ...; the words are those in the source that the
    program accepts."""
    source = read("src/launcher/options.cpp")
    candidates = set(re.findall(r'"([a-z-]+)"', source))
    for letter, name, takes in re.findall(r"Definition\{\{'(\w|\\0)', \"(.+?)\",\s*Takes::k(\w+)",
                                          source):
        words = [word for word in candidates if "--" + name in enumerated
                 and knows("--" + name, word)]
        yield make_option("--" + name, "" if letter == r"\0" else "-" + letter, takes != "Nothing",
                          takes == "RepeatedValues", words)


def options_of_help(program):
    """Rows (group, option). In a description, every word that the program accepts for the option is
    one of its values."""
    words = {option.name: option.words for option in program}
    for part in re.split(r"^(?=\w+:\n)", run("--help").stdout.decode(), flags=re.M)[1:]:
        group = part.partition(":")[0]
        for letter, name, rest in re.findall(r"^ +(?:(-\w), )?(--[a-z-]+)(.*(?:\n {8,}.*)*)", part,
                                             re.M):
            described = set(words.get(name, ())) & set(re.findall(r"[a-z-]+", rest))
            yield group, make_option(name, letter, re.match(r" \S", rest), "repeatable" in rest,
                                     described)


def section_of_man(title):
    return re.search(rf"^\.Sh {title}\n(.*?)(?=^\.Sh )", read("man/lowportbind.8"),
                     re.M | re.S).group(1)


def options_of_man(enumerated):
    """Rows (group, option) of `.Ss Ports`, `.It Fl m , Fl -mode Ar mode`,
    `.Cm ambient , inetd No or Cm nginx .`"""
    for part in re.split(r"^\.Ss ", section_of_man("OPTIONS"), flags=re.M)[1:]:
        group = part.partition("\n")[0]
        for item in re.split(r"^\.It Fl ", part, flags=re.M)[1:]:
            letter, name, value = re.match(r"(?:(\w) , Fl )?(-[a-z-]+)( Ar )?", item).groups()
            lists = re.findall(r"Cm ([a-z ,.;-]+)", item) if "-" + name in enumerated else []
            yield group, make_option("-" + name, "-" + letter if letter else "", value,
                                     "\nRepeatable.\n" in item,
                                     re.findall(r"[a-z-]+", " ".join(lists)))


def check_valued(place, text, options):
    """'^(-[um]|--(user|mode))$' also lists what takes a value: the completion reads the line with
    it."""
    letters, names = re.search(r"'\^\(-\[(\w+)\]\|--\(([a-z|-]+)\)\)\$'", text).groups()
    valued = [option for option in options if option.takes == "value"]
    compare(f"{place}: what takes a value",
            {"-" + letter for letter in letters} | {"--" + n for n in names.split("|")},
            {name for option in valued for name in (option.name, option.letter) if name})


def options_of_bash():
    """candidates=(-p --port --env): those that can be repeated; for names in -u,--user --groups:
    the others."""
    text = read("completions/lowportbind.bash")
    lists = re.search(r"_list_options\(\)\n.*?candidates=\((.*?)\)\s*for names in (.*?); do", text,
                      re.S).groups()
    valued = re.search(r"valued='.*--\((.*?)\)", text).group(1).split("|")
    words = {}
    for name, case in re.findall(r"^ +(?:-\w \| )?(--[a-z-]+)\)(.*?);;", text, re.M | re.S):
        words[name] = " ".join(re.findall(r"candidates\+?=\(([a-z][a-z -]*)\)", case)).split()
    options = [make_option(name, letter, name[2:] in valued, names is lists[0], words.get(name, ()))
               for names in lists
               for letter, name in re.findall(r"(?:(-\w)[ ,])?(--[a-z-]+)", names)]
    check_valued("bash", text, options)
    return options


def options_of_zsh():
    """'(-m --mode)'{-m+,--mode=}'[...]:mode:((ambient\\:"..."))', '*--env=[...]'; or the words are
    in a function."""
    text = read("completions/_lowportbind")
    functions = dict(re.findall(r"^(\w+)\(\) \{\n(.*?)^\}", text, re.M | re.S))
    pattern = r"^    ['\"](\(.*?\)'|\*'?)?\{?(?:(-\w)(\+?),)?(--[a-z-]+)(=?)(.*(?:\n {6}.*)*)"
    for before, letter, plus, name, equals, rest in re.findall(pattern, text, re.M):
        compare(f"zsh: {name}: what excludes it", before.strip("*'"),
                f"({letter} {name})" if letter and "*" not in before else "")
        if letter:
            compare(f"zsh: {name}: its value", plus == "+", equals == "=")
        places = rest + "".join(body for function, body in functions.items()
                                if f":{function}'" in rest)
        yield make_option(name, letter, equals, "*" in before, re.findall(r'([a-z-]+)\\:"', places))


def options_of_fish():
    """complete -c lowportbind -n '__lowportbind_lacks m mode' -s m -l mode -x -a 'ambient\\t"..."',
    or -a '(function)'."""
    text = read("completions/lowportbind.fish")
    functions = dict(re.findall(r"^function (\w+)\n(.*?)^end", text, re.M | re.S))
    options = []
    for command in re.findall(r"^complete -c lowportbind -n (.*(?:\n    .*)*)", text, re.M):
        letter, name = re.search(r"(?:-s (\w) )?-l ([a-z-]+)", command).groups()
        condition = re.match(r"('.*?'|\w+)", command).group(1)
        if condition.startswith("'"):
            compare(f"fish: --{name}: what excludes it", condition.strip("'").split()[1:],
                    [*(letter or ""), name])
        words = re.findall(r'([a-z-]+)\\t"', command)
        for function, body in functions.items():
            if f"'({function})'" in command:
                for row in re.findall(r"printf '%s\\t%s\\n'(.*)", body):
                    words += re.findall(r" ([a-z-]+) '.*?'", row)
        options.append(make_option("--" + name, "-" + letter if letter else "", " -x " in command,
                                   not condition.startswith("'"), words))
    check_valued("fish", text, options)
    return options


def options_of_code(code):
    """Our options in a command. Options before `lowportbind`, or after `--` or an operator of the
    shell, belong to another command. Without a command, they are ours."""
    if code.lstrip().startswith("-"):
        return [code]
    return re.findall(r"""(?<![\w.-])lowportbind["']?,? (.*?)(?= "?--"?(?:,? |$)| [&|;]|$)""", code)


def options_of_readme():
    text = re.sub(r"\\\n *", " ", read("README.md"))
    code = []
    for block in re.findall(r"^ *```.*\n(.*?)^ *```", text, re.M | re.S):
        code += block.splitlines()
    text = re.sub(r"^ *```.*\n(.*?)^ *```", "", text, flags=re.M | re.S)
    # A line with backquotes continues an item of a list.
    code += re.findall(r"^(?: {4}|\t)([^`\n]*)$", text, re.M)
    text = re.sub(r"^(?: {4}|\t)[^`\n]*$", "", text, flags=re.M)
    code += re.findall(r"`([^`]*)`", text.replace("\n", " "))
    plain = re.sub(r"`[^`]*`", "", text)
    ours = [plain] + [part for line in code for part in options_of_code(line)]
    return {name for part in ours for name in re.findall(r"(?<![\w-])--[a-z][a-z-]*", part)}


def compare(what, one, other):
    """Prints what differs; for two sets, what only one of them has."""
    if one == other:
        return
    compare.failed = True
    print(f"failed: {what}")
    if isinstance(one, set):
        one, other = sorted(one - other), sorted(other - one)
    print(f"    the one:   {one}\n    the other: {other}")


compare.failed = False


def compare_options(place, program, options):
    """One by one, so that the output is short."""
    there = {option.name: option for option in options}
    compare(f"the options of the program, and those of {place}", {o.name for o in program},
            set(there))
    for option in program:
        other = there.get(option.name, option)
        for field in Option._fields:
            compare(f"{option.name} ({field}) of the program, and of {place}",
                    getattr(option, field),
                    getattr(other, field))


def main():
    completions = {"bash": options_of_bash(), "zsh": list(options_of_zsh()),
                   "fish": options_of_fish()}
    enumerated = {option.name for options in completions.values() for option in options
                  if option.words}
    program = list(options_of_program(enumerated))
    help_rows = list(options_of_help(program))
    man_rows = list(options_of_man(enumerated))
    names = {option.name for option in program}

    places = {"--help": [row[1] for row in help_rows], "man": [row[1] for row in man_rows],
              **completions}
    for place, options in places.items():
        compare_options(place, program, options)
    order = [option.name for option in program]
    compare("the order of the program, and of --help", order,
            [option.name for _, option in help_rows])
    compare("the groups and the order of --help, and of man",
            [(group, option.name) for group, option in help_rows],
            [(group, option.name) for group, option in man_rows])
    for name, title in (("--mode", "MODES"), ("--confine", "CONFINEMENT")):
        words = set().union(*(option.words for option in program if option.name == name))
        compare(f"the words of {name}, and {title} of man", words,
                set(re.findall(r"^\.It Cm (\S+)", section_of_man(title), re.M)))
    compare("the options of the program, and those that README.md mentions", names,
            options_of_readme())
    mentioned = set(re.findall(r"Fl (-[a-z-]+)", read("man/lowportbind.8")))
    compare("the options of the program, and those that man mentions", names,
            {"-" + name for name in mentioned})
    if len(names) < 10 or len(enumerated) < 3:
        compare("what was found in the files", "options", "too few to be all of them")
    return 1 if compare.failed else 0


sys.exit(main())
