#!/bin/sh
# SPDX-License-Identifier: MIT
# `--check --json` prints JSON with the keys that the manual page describes and no others:
# json_report.py compares them.
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
exec python3 tests/docs/json_report.py "$LOWPORTBIND"
