#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Configures a build directory if that was not done yet, and builds what changed.
# usage: scripts/build.sh DIR [MESON OPTION...]; quiet unless it fails
set -eu
cd "$(dirname "$0")/.."
dir=$1
shift

mkdir -p "$dir"
log=$dir/build.log
if [ ! -f "$dir/build.ninja" ]; then
    echo "configuring $dir"
    if ! meson setup "$dir" . "$@" </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        exit 1
    fi
fi
if ! ninja -C "$dir" </dev/null >"$log" 2>&1; then
    # The commands are long; the compiler's words are enough.
    grep -v '^\[[0-9]*/[0-9]*\] ' "$log" | tail -n 80 >&2
    echo "build of $dir failed; the whole log is in $log" >&2
    exit 1
fi
