# SPDX-License-Identifier: MIT
"""The programs that the tests run: one build of all mutants together, and another one for each
mutant that does not fit in with the others."""

import filecmp
import json
import os
import pathlib
import re
import shutil
import subprocess

from mutants import apply
from schema import DEFINITION, PRELUDE, fits, schema, with_number

SOURCE = pathlib.Path(__file__).resolve().parents[2]
LABELS = "^(unit|cli|privileged|fault)$"


class Build:
    """A copy of the sources, and the programs that are built from it."""

    def __init__(self, directory, arguments, mutants):
        self.source = directory / "source"
        self.build = directory / "build"
        self.match = arguments.match
        self.tests_from = pathlib.Path(arguments.tests).resolve() if arguments.tests else self.build
        self.texts = {}
        self.alone = None  # the file that contains a single mutant
        self.copy_sources()
        self.has_ninja = shutil.which("ninja") is not None
        subprocess.run(["cmake", "-S", self.source, "-B", self.build,
                        *(["-G", "Ninja"] if self.has_ninja else []),
                        "-DCMAKE_BUILD_TYPE=None", "-DCMAKE_SUPPRESS_REGENERATION=ON",
                        # Make the library abort on much undefined behaviour, which could do
                        # anything.
                        "-DCMAKE_CXX_FLAGS=-O0 -w -D_GLIBCXX_ASSERTIONS", *arguments.cmake],
                       check=True, stdout=subprocess.DEVNULL)
        self.make_schema(mutants, ["lowportbind", "unit_tests"] if arguments.tests else ["all"])
        self.programs = {name: path.read_bytes() for name, path in self.paths().items()}

    def paths(self):
        return {"lowportbind": self.build / "lowportbind",
                "unit_tests": self.build / "tests/unit_tests"}

    def copy_sources(self):
        """Copies only what differs from an earlier copy, so that not everything is rebuilt."""
        def copy(origin, target):
            if os.path.exists(target) and filecmp.cmp(origin, target, shallow=False):
                return
            if origin.startswith(str(SOURCE / "src")) and origin.endswith(".cpp"):
                return  # which write() copies, with mutants in it
            shutil.copy(origin, target)
        ignored = shutil.ignore_patterns("build", ".git", "__pycache__")
        for directory in ("src", "tests"):
            known = {path.relative_to(SOURCE) for path in (SOURCE / directory).rglob("*")}
            for path in (self.source / directory).rglob("*"):
                if path.is_file() and path.relative_to(self.source) not in known:
                    path.unlink()
        shutil.copytree(SOURCE, self.source, ignore=ignored, copy_function=copy, dirs_exist_ok=True)
        for path in (SOURCE / "src").rglob("*.cpp"):
            self.write(str(path.relative_to(SOURCE)), path.read_bytes().decode("latin-1"))

    def write(self, path, text):
        """The number of the mutant is in one file, which both programs have."""
        text = PRELUDE + text + (DEFINITION if path == "src/base/error.cpp" else "")
        target = self.source / path
        if not target.exists() or target.read_bytes() != text.encode("latin-1"):
            target.write_bytes(text.encode("latin-1"))

    def make(self, *targets):
        command = ["cmake", "--build", self.build, "--target", *targets, "--", "-k",
                   *(["0"] if self.has_ninja else [])]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)

    def make_schema(self, mutants, targets):
        """Builds all mutants together. A mutant that the compiler refuses is taken out, and built
        alone when its turn comes."""
        originals = {path: (SOURCE / path).read_bytes().decode("latin-1")
                     for path in {m.file for m in mutants}}
        self.numbers = {mutant: number for number, mutant in enumerate(mutants, 1)
                        if fits(originals[mutant.file], mutant)}
        while True:
            for path, text in originals.items():
                numbers = {mutant: number for mutant, number in self.numbers.items()
                           if mutant.file == path}
                self.texts[path] = schema(text, numbers)
                self.write(path, self.texts[path])
            built = self.make(*targets)
            if built.returncode == 0:
                return
            refused = self.refused(built.stdout)
            if not refused:
                raise SystemExit(f"{built.stdout}mutation: the tree does not build")
            self.numbers = {mutant: number for mutant, number in self.numbers.items()
                            if number not in refused}

    def refused(self, output):
        """The numbers of the mutants in the lines that the compiler complains about, or in the
        nearest line above."""
        numbers = set()
        for path, line in set(re.findall(r"(src/[\w/]+\.cpp):(\d+):\d+: (?:fatal )?error: ",
                                         output)):
            lines = self.texts.get(path, "").split("\n")[:int(line)]
            while lines and "mutation_is(" not in lines[-1]:
                lines.pop()
            last = lines[-1] if lines else ""
            numbers.update(map(int, re.findall(r"mutation_is\((\d+)\)", last)))
        return numbers

    def descriptions(self):
        """CTest's description of the tests, as JSON."""
        command = ["ctest", "--test-dir", self.tests_from, "-L", LABELS, "-R", self.match,
                   "--show-only=json-v1"]
        return json.loads(subprocess.check_output(command))["tests"]

    def programs_of(self, mutant):
        """The bytes of both programs, or nothing if it does not compile."""
        if mutant in self.numbers:
            return {name: with_number(program, self.numbers[mutant])
                    for name, program in self.programs.items()}
        if self.alone not in (None, mutant.file):
            self.write(self.alone, self.texts[self.alone])
        self.alone = mutant.file
        self.write(mutant.file, apply((SOURCE / mutant.file).read_bytes().decode("latin-1"),
                                      mutant))
        if self.make("lowportbind", "unit_tests").returncode != 0:
            return None
        return {name: path.read_bytes() for name, path in self.paths().items()}
