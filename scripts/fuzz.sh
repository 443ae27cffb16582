#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Feeds made-up traces to the reader, with clang's libFuzzer and sanitizers; a fixed seed.
# usage: scripts/fuzz.sh DIR [RUNS]
set -eu
cd "$(dirname "$0")/.."
dir=$1
runs=${2:-20000}
mkdir -p "$dir"
clang -std=gnu11 -g -O1 -fsanitize=fuzzer,address,undefined -fno-sanitize-recover=undefined -Iinclude \
    -Isrc fuzz/fuzz_trace.c tests/trace/seal.c src/trace/*.c src/core/alloc.c src/core/status.c \
    -o "$dir/fuzz_trace" -lm
"$dir/fuzz_trace" -runs="$runs" -seed=1 -max_len=4096 -print_final_stats=1
