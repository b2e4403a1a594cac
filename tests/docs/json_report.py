# SPDX-License-Identifier: MIT
"""json_report.py LAUNCHER: runs `--check --json` when it is ready, when it is not, and when there
is no plan. It reads the output as JSON, and compares its keys with those in the section JSON of the
manual page. Run it as root, in its own network."""
import json
import re
import subprocess
import sys

LAUNCHER = sys.argv[1]
USER = ["-u", "www-data"]
# Options, command, exit status, and whether there is a plan.
ROWS = [
    ([*USER, "-p", "80,53/udp"], ["true"], 0, True),
    ([*USER, "-p", "web=127.0.0.1:80", "-m", "listen-fds", "--confine", "listed"], ["true"], 0,
     True),
    ([*USER, "-p", "80", "-m", "nginx"], ["true"], 0, True),
    (["-u", "4711:4712", "--groups", "none"], ["/bin/true"], 0, True),
    ([*USER, "-p", "80"], [b'/no "such" \\ command\n\x1b\xc3\xa9\xff'], 125, True),
    (["-u", "no such user"], ["true"], 125, False),
    (["-u", b"\xff\"\\"], ["true"], 125, False),
    ([*USER, "-p", "80", "--backlog", "3"], ["true"], 125, False),
]
failed = False


def check(truth, *what):
    global failed
    if not truth:
        failed = True
        print("failed:", *what)


def keys_of(value, prefix=""):
    """The keys of an object and of the objects in it, such as account.uid."""
    found = set()
    if isinstance(value, list):
        for item in value:
            found |= keys_of(item, prefix)
    if isinstance(value, dict):
        for key, item in value.items():
            found |= {prefix + key} | keys_of(item, prefix + key + ".")
    return found


def keys_of_man():
    """`.It Li account` is a key; words marked `.Li` in its text are the keys in it."""
    with open("man/lowportbind.8", encoding="utf-8") as file:
        section = re.search(r"^\.Sh JSON\n(.*?)^\.El", file.read(), re.M | re.S).group(1)
    found = set()
    for item in re.split(r"^\.It Li ", section, flags=re.M)[1:]:
        key, _, text = item.partition("\n")
        inner = re.sub(r" No \w+ Li ", " ", " ".join(re.findall(r"^\.Li (.*)", text, re.M)))
        found |= {key} | {f"{key}.{name}" for name in re.findall(r"[a-z_]{2,}", inner)}
    return found


def main():
    seen = set()
    for options, command, status, planned in ROWS:
        result = subprocess.run([LAUNCHER, "--check", "--json", *options, "--", *command],
                                capture_output=True,
                                check=False)
        what = (options, command)
        check(result.returncode == status, what, "status", result.returncode, result.stderr)
        check(re.fullmatch(rb"[ -~]+\n", result.stdout), what, "not one line of ASCII:",
              result.stdout)
        report = json.loads(result.stdout)
        seen |= keys_of(report)
        check(report["verdict"] == ("ready" if status == 0 else "not ready"), what, report)
        check((report["error"] is None) == (status == 0), what, report)
        check((report["account"] is not None) == planned, what, report)
        if status:
            check(report["error"]["message"].encode() in result.stderr, what, report, result.stderr)
        check(set(report) == {key for key in keys_of_man() if "." not in key}, what, sorted(report))
    check(seen == keys_of_man(), "only the program has", sorted(seen - keys_of_man()),
          "only the manual page has",
          sorted(keys_of_man() - seen))
    return 1 if failed else 0


sys.exit(main())
