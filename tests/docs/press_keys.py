#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""press_keys.py ANSWER-FILE SHELL [ARG...]: types into an interactive shell, on its own terminal.

Each line of standard input is `KEY TEXT`. TEXT is typed, then the key: `tab`, or `all`, which the
shell's start-up file binds to inserting every candidate. The key `answer` follows, with which the
shell moves its edit buffer to ANSWER-FILE. Its content is printed, one line for each line of input.
The shell starts with the prompt `ready> ` and with descriptor 7 open.
"""

import fcntl
import os
import select
import subprocess
import sys
import termios
import time

PATIENCE = 60  # seconds, for each line
KEYS = {"tab": "\t", "all": "\x18a", "answer": "\x18b"}


def start(command):
    """The shell and the other end of its terminal."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, b"\x64\x00\xc8\x00\x00\x00\x00\x00")
    os.dup2(os.open("/dev/null", os.O_RDONLY), 7)

    def take_terminal():
        os.setsid()
        fcntl.ioctl(theirs, termios.TIOCSCTTY, 0)

    # pylint: disable=consider-using-with,subprocess-popen-preexec-fn
    shell = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, pass_fds=[7], preexec_fn=take_terminal
    )
    os.close(theirs)
    return shell, ours


def wait_until(is_done, terminal, what):
    """Reads what the shell writes, so that it never blocks, until is_done(all of it)."""
    seen = b""
    deadline = time.monotonic() + PATIENCE
    while not is_done(seen):
        if time.monotonic() > deadline:
            sys.exit(f"press_keys: waited in vain for {what}; the terminal shows: {seen!r}")
        if select.select([terminal], [], [], 0.01)[0]:
            try:
                seen += os.read(terminal, 65536)
            except OSError:
                sys.exit(f"press_keys: the shell ended before {what}; the terminal shows: {seen!r}")


def main():
    answer, *command = sys.argv[1:]
    shell, terminal = start(command)
    try:
        wait_until(lambda seen: b"ready> " in seen, terminal, "the prompt")
        for line in sys.stdin:
            key, text = line.rstrip("\n").split(" ", 1)
            os.write(terminal, (text + KEYS[key] + KEYS["answer"]).encode())
            wait_until(lambda seen: os.path.exists(answer), terminal, f"the answer to: {text}")
            with open(answer, encoding="utf-8") as file:
                print(file.read().rstrip("\n"))
            os.unlink(answer)
    finally:
        shell.kill()
        shell.wait()


main()
