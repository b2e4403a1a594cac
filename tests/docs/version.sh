#!/bin/sh
# SPDX-License-Identifier: MIT
# version.sh [CHANGELOG]: what --version prints is the newest version in the changelog.
set -eu
changelog=${1:-$(cd "$(dirname "$0")/../.." && pwd)/CHANGELOG.md}
newest=$(awk -F '[][]' '/^## / && $2 != "Unreleased" { print $2; exit }' "$changelog")
printed=$("$LOWPORTBIND" --version | awk '{ print $2 }')
if [ -z "$newest" ] || [ "$printed" != "$newest" ]; then
    echo "failed: --version says '$printed' and the changelog '$newest'"
    exit 1
fi
