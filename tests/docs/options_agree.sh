#!/bin/sh
# SPDX-License-Identifier: MIT
# The options are the same in the program, in --help, in the manual page, in the three completions
# and in README.md: options_agree.py reads and compares them.
set -eu

: "${LOWPORTBIND:=lowportbind}"
LOWPORTBIND=$(readlink -f "$(command -v "$LOWPORTBIND")") ||
    { echo "failed: no launcher: set LOWPORTBIND"; exit 1; }
if ! command -v python3 >/dev/null; then
    echo "skipped: needs the command python3"
    [ "${LOWPORTBIND_REQUIRE_ALL:-0}" = 1 ] && exit 1
    exit 77
fi
cd "$(dirname "$0")/../.."
exec python3 tests/docs/options_agree.py "$LOWPORTBIND"
