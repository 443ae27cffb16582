#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the kernels and their checks for AArch64 and runs them there, or in qemu. The rest of the
# library needs libraries that a cross compiler alone does not bring.
# usage: scripts/check-neon.sh [DIR for what is made]; exit status 77 if something is not installed
set -eu
cd "$(dirname "$0")/.."
root=$PWD
out=${1:-build-neon}

if [ "$(uname -m)" = aarch64 ]; then
    cc=${CC:-cc} run=
else
    cc=${CC:-aarch64-linux-gnu-gcc} run=qemu-aarch64
fi
for tool in ${cc%% *} $run; do
    if ! command -v "$tool" >/dev/null; then
        echo "$tool is not installed"
        exit 77
    fi
done
mkdir -p "$out"
cd "$out"

# The warnings of meson.build. Linked statically, so that qemu needs no libraries either.
# shellcheck disable=SC2046,SC2086
$cc -std=gnu11 -O3 -Wall -Wextra -Wconversion -Wshadow -Wstrict-prototypes -Wvla \
    -Wno-missing-field-initializers -Werror -fvisibility=hidden -ffp-contract=off -fno-math-errno \
    -DRPR_TEST_HOOKS -I"$root/include" -I"$root/src" \
    $(find "$root/src/core" "$root/src/cpu" "$root/src/kernels" "$root/tests/kernels" -name '*.c') \
    -static -lm -o checkkern

$run ./checkkern | tee checkkern.txt
grep -q '^neon: [1-9][0-9]* checks ok$' checkkern.txt
