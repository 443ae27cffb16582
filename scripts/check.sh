#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Runs every check. The last line is `N passed, N failed, N skipped`; exit status 1 if any failed.
# Each meson test is one check, and so is each build and each script.
set -u
cd "$(dirname "$0")/.."
passed=0 failed=0 skipped=0
export PYTHONDONTWRITEBYTECODE=1
# The clone may belong to another user than the one that runs the checks.
export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*'
log=$(mktemp)
trap 'rm -f "$log"' EXIT

# check NAME COMMAND...: exit status 0 is a pass, 77 a skip whose reason is the last line.
check()
{
    name=$1
    shift
    "$@" </dev/null >"$log" 2>&1
    case $? in
        0)
            passed=$((passed + 1))
            printf '  passed   %s\n' "$name"
            ;;
        77)
            skip "$name" "$(tail -n 1 "$log")"
            ;;
        *)
            failed=$((failed + 1))
            printf '  FAILED   %s\n' "$name"
            tail -n 80 "$log" | sed 's/^/      /'
            return 1
            ;;
    esac
}

skip()
{
    skipped=$((skipped + 1))
    printf '  skipped  %s: %s\n' "$1" "$2"
}

# tests NAME DIR [VARIABLE=VALUE...]: all meson tests of a build directory.
tests()
{
    suite=$1 dir=$2
    shift 2
    json=$dir/meson-logs/$suite.json
    rm -f "$json"
    env "$@" meson test -C "$dir" --no-rebuild --quiet --timeout-multiplier 4 --logbase "$suite" \
        </dev/null >"$log" 2>&1
    status=$?
    if ! [ -s "$json" ]; then
        failed=$((failed + 1))
        printf '  FAILED   %s: meson test gave no result (status %s)\n' "$suite" "$status"
        tail -n 40 "$log" | sed 's/^/      /'
        return
    fi
    result=$(/usr/bin/python3 scripts/testlog.py "$suite" "$json")
    printf '%s\n' "$result" | sed '$d'
    # shellcheck disable=SC2046
    set -- $(printf '%s\n' "$result" | tail -n 1)
    printf '  %s: %d tests passed, %d failed, %d skipped\n' "$suite" "$@"
    passed=$((passed + $1)) failed=$((failed + $2)) skipped=$((skipped + $3))
}

section()
{
    printf '%s\n' "$1"
}

section 'Text'
check 'style' scripts/check-style.sh
check 'download addresses' scripts/check-addresses.sh
check 'energy tables' /usr/bin/python3 energy/check.py
if [ -x scripts/check-layers.sh ]; then
    check 'layers' scripts/check-layers.sh
else
    skip 'layers' 'scripts/check-layers.sh is not there'
fi

section 'gcc, -Werror'
if check 'gcc build' env CC=gcc scripts/build.sh build-gcc -Dwerror=true; then
    tests gcc build-gcc
    check 'converter of TF.js models' env REPRISE_LIB=build-gcc/src/libreprise.so \
        /usr/bin/python3 training/test_tfjs2onnx.py
    check "the paper's networks" env REPRISE_LIB="$PWD/build-gcc/src/libreprise.so" \
        REPRISE="$PWD/build-gcc/reprise" /usr/bin/python3 training/test_paper_networks.py
    if grep -qw avx512f /proc/cpuinfo; then
        tests gcc-avx2 build-gcc RPR_ISA=avx2
    else
        skip 'gcc-avx2' 'the processor has nothing above AVX2: the gcc tests ran it'
    fi
fi

section 'gcc for x86-64 without extensions, scalar kernels'
if [ "$(uname -m)" = x86_64 ]; then
    if check 'x86-64 build' env CC=gcc scripts/build.sh build-scalar -Dwerror=true \
        -Dc_args=-march=x86-64; then
        tests scalar build-scalar RPR_ISA=scalar
    fi
else
    skip 'x86-64 build' "this is $(uname -m)"
fi

section 'gcc for AArch64, in qemu: NEON kernels, and the engine on them'
if [ "$(uname -m)" = aarch64 ]; then
    skip 'AArch64 build' 'this is one: the gcc tests ran it'
elif ! command -v aarch64-linux-gnu-gcc >/dev/null || ! command -v qemu-aarch64 >/dev/null; then
    skip 'AArch64 build' 'gcc-aarch64-linux-gnu or qemu-user is not installed'
elif check 'AArch64 build' scripts/build.sh build-neon --cross-file scripts/aarch64.ini \
    -Dengine_only=true -Dwerror=true; then
    tests neon build-neon
    skip 'neon: suite long' 'takes minutes in qemu: meson test -C build-neon --suite long -t 10'
fi

section 'gcc, address and undefined behaviour sanitizers'
if check 'sanitizer build' env CC=gcc scripts/build.sh build-asan -Dbuildtype=debugoptimized \
    -Db_sanitize=address,undefined; then
    tests sanitizer build-asan UBSAN_OPTIONS=halt_on_error=1:print_stacktrace=1
fi

section 'Other compilers and ways'
check 'threads, thread sanitizer' scripts/tsan.sh build-tsan
check 'clang build, -Werror' env CC=clang scripts/build.sh build-clang -Dwerror=true
check 'plain cc build' scripts/plain-cc.sh build-plain
check 'made-up traces' scripts/fuzz.sh build-fuzz

printf '%d passed, %d failed, %d skipped\n' "$passed" "$failed" "$skipped"
[ "$failed" -eq 0 ]
