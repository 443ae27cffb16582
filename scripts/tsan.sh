#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs the tests of threads inside a frame under the thread sanitizer. usage: scripts/tsan.sh DIR
set -eu
cd "$(dirname "$0")/.."
dir=$1
[ -d "$dir" ] || meson setup "$dir" -Db_sanitize=thread -Dbuildtype=debugoptimized \
    -Dtest_hooks=true -Db_lundef=false
ninja -C "$dir" tests/stream/test_stream_threads tests/stream/test_stream_onepass
# The sanitizer of gcc 12 knows no address layout with as much randomness as newer kernels use.
setarch -R "$dir"/tests/stream/test_stream_threads
exec setarch -R "$dir"/tests/stream/test_stream_onepass
