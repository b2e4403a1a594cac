# SPDX-License-Identifier: MIT
"""The mutants of a source file. clang's parser determines what a statement is and where it ends, so
nothing is guessed; a mutant is then a piece of the file's text that is left out."""

import json
import re
import shutil
import subprocess
import textwrap
from typing import NamedTuple

FUNCTIONS = {"FunctionDecl", "CXXMethodDecl", "CXXConstructorDecl", "CXXDestructorDecl"}
LOOPS = {"ForStmt", "CXXForRangeStmt", "WhileStmt", "DoStmt"}
# Functions that word a message, and do nothing else.
TEXTS = {"describe", "explain_probe", "hexadecimal", "hint_for_ids"}
TABLE = 8  # elements that make an array of constants a program, such as the seccomp filter


class Mutant(NamedTuple):
    file: str
    function: str
    line: int
    kind: str
    text: str
    begin: int
    end: int
    replacement: str

    @property
    def name(self):
        """Its name in the file `equivalent`: without the line, which changes with every edit above
        it."""
        return f"{self.file}: {self.function}: {self.kind}: {self.text}"

    def __str__(self):
        return f"{self.file}:{self.line}: {self.function}: {self.kind}: {self.text}"


def note_files(node, state):
    """clang names the file of a location only if it differs from the previous one in its output."""
    if isinstance(node, list):
        for part in node:
            note_files(part, state)
    elif isinstance(node, dict):
        if "tokLen" in node:
            state["file"] = node.get("file", state["file"])
            node["file"] = state["file"]
        for key, part in node.items():
            if key != "includedFrom":
                note_files(part, state)


def parse(source, path):
    """The declarations of a file, as clang's own tree. The tree of everything it includes would be
    a hundred times as large, and is not requested."""
    clang = shutil.which("clang++-14") or shutil.which("clang++")
    if not clang:
        raise SystemExit("mutation: clang++ is not installed")
    for name in ("lowport", "main"):
        command = [clang, "-std=c++20", "-fsyntax-only", "-w", "-I", source / "src",
                   '-DLOWPORTBIND_VERSION=""', "-Xclang", "-ast-dump=json",
                   "-Xclang", f"-ast-dump-filter={name}", source / path]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
        decoder = json.JSONDecoder()
        start = output.find("{")
        while start >= 0:
            tree, end = decoder.raw_decode(output, start)
            note_files(tree, {"file": None})
            yield tree
            start = output.find("{", end)


def children(node):
    return [child for child in node.get("inner", []) if child]


def names(node, name):
    return (node.get("referencedDecl", {}).get("name") == name
            or any(names(child, name) for child in children(node)))


def calls(node):
    """Whether it calls a function. Member functions do not count, because here they only inspect a
    value, nor does the function behind the name `errno`."""
    if node.get("kind") == "CallExpr" and not names(children(node)[0], "__errno_location"):
        return True
    return any(calls(child) for child in children(node))


class Finder:
    def __init__(self, source, path):
        self.path = path
        self.file = str(source / path)
        # In bytes, as clang counts.
        self.text = (source / path).read_bytes().decode("latin-1")
        self.found = {}
        self.alone = set()
        for tree in parse(source, path):
            self.visit(tree, "")

    def span(self, node):
        """Where its text begins and ends, or None if that is not in this file. A macro stands for
        its expansion."""
        begin, end = node["range"]["begin"], node["range"]["end"]
        first, last = begin.get("expansionLoc", begin), end.get("expansionLoc", end)
        if "offset" not in first or first.get("file") != self.file or last.get("file") != self.file:
            return None
        stop = last["offset"] + last["tokLen"]
        if "expansionLoc" in end and self.text[stop:].lstrip().startswith("("):
            stop = self.closing(self.text.index("(", stop))
        return first["offset"], stop

    def closing(self, position):
        depth = 0
        for offset in range(position, len(self.text)):
            depth += {"(": 1, ")": -1}.get(self.text[offset], 0)
            if depth == 0:
                return offset + 1
        raise ValueError(f"{self.path}: a bracket is not closed")

    def quote(self, begin, end):
        return textwrap.shorten(" ".join(self.text[begin:end].split()), 110, placeholder=" ...")

    def add(self, function, kind, span, replacement, text=None):
        begin, end = span
        key = (begin, end, replacement)
        if key not in self.found and function not in TEXTS:
            line = self.text.count("\n", 0, begin) + 1
            self.found[key] = Mutant(self.path, function, line, kind,
                                     text or self.quote(begin, end), *key)

    def visit(self, node, function):
        kind = node.get("kind")
        if kind in FUNCTIONS and node.get("isImplicit"):
            return  # the compiler's own, such as an assignment of all members
        if kind in FUNCTIONS and node.get("name") != "operator()":
            function = node["name"]
        if kind == "CompoundStmt":
            for child in children(node):
                self.statement(child, function)
        elif kind == "IfStmt":
            self.branches(node, function)
        elif kind in LOOPS:
            self.part(children(node)[-1])
        elif kind == "BinaryOperator" and node["opcode"] in ("&&", "||"):
            self.operands(node, function)
        elif kind == "InitListExpr" and not function and len(children(node)) >= TABLE:
            self.elements(node)
        for child in children(node):
            self.visit(child, function)

    def statement(self, node, function):
        """Leaves a statement out. A declaration cannot go, but the call that gives it its value
        can."""
        span = self.span(node)
        if (not span or node["id"] in self.alone
                or node["kind"] in ("CompoundStmt", "NullStmt", "CXXTryStmt")):
            return
        if node["kind"] == "DeclStmt":
            for child in children(node):
                self.initialiser(child, function)
        elif node["kind"] != "ReturnStmt" or not children(node):
            ends_itself = not self.text[span[1]:].lstrip().startswith(";")
            text = None
            if node["kind"] == "IfStmt":
                text = self.quote(span[0], self.closing(self.text.index("(", span[0])))
            self.add(function, "removed", span, "{}" if ends_itself else "", text)

    def initialiser(self, node, function):
        if node["kind"] not in ("VarDecl", "DecompositionDecl") or not children(node):
            return
        value = children(node)[-1]
        span = self.span(value)
        if not span or not calls(value) or "constexpr" in node or value["kind"] == "LambdaExpr":
            return
        if self.text[span[0]:span[1]].startswith("["):
            return
        name = node.get("name", "")
        if span[0] == node["loc"].get("offset"):
            self.add(function, "not called", span, f"{name}{{}}")
        else:
            self.add(function, "not called", span, f"decltype({self.text[span[0]:span[1]]}){{}}")

    def branches(self, node, function):
        """An `if` whose condition makes a call is left out as a whole, and also without its
        branches."""
        parts = children(node)
        if node.get("hasElse"):
            for part in parts[-2:]:
                self.statement(part, function)
            return
        self.part(parts[-1])
        span, then = self.span(node), self.span(parts[-1])
        if not span or not then:
            return
        if any(calls(part) for part in parts[:-1]):
            text = self.quote(span[0], self.closing(self.text.index("(", span[0])))
            self.add(function, "unchecked", then,
                     "{}" if parts[-1]["kind"] == "CompoundStmt" else "", text)

    def part(self, node):
        """Leaving out the only statement of a branch or of a loop's body would be the same as
        leaving out the whole, which is already a mutant."""
        if node["kind"] == "CompoundStmt" and len(children(node)) == 1:
            self.alone.add(children(node)[0]["id"])

    def operands(self, node, function):
        left, right = children(node)
        whole, first, second = self.span(node), self.span(left), self.span(right)
        if not whole or not first or not second or whole in (first, second):
            return  # also if a macro is all of it
        sides = [(second, first)]
        if left.get("opcode") != node["opcode"]:
            sides.append((first, second))
        for dropped, kept in sides:
            text = f"{self.quote(*dropped)} [of] {self.quote(*whole)}"
            self.add(function, "dropped", whole, self.text[slice(*kept)], text)

    def elements(self, node):
        span = self.span(node)
        if not span:
            return  # a table in a header
        variable = re.findall(r"(\w+) = ", self.text[:span[0]])[-1]
        for child in children(node):
            begin, end = self.span(child)
            self.add(variable, "removed", (begin, self.text.index(",", end) + 1), "")


def find_mutants(source, path):
    """In the order of the file. If two read the same, the second one is marked as such."""
    mutants = sorted(Finder(source, path).found.values(),
                     key=lambda mutant: (mutant.begin, mutant.end))
    seen = {}
    named = []
    for mutant in mutants:
        seen[mutant.name] = seen.get(mutant.name, 0) + 1
        again = seen[mutant.name]
        named.append(mutant._replace(text=f"{mutant.text} (#{again})") if again > 1 else mutant)
    return named


def apply(text, mutant):
    return text[:mutant.begin] + mutant.replacement + text[mutant.end:]
