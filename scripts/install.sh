#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Installs the Debian packages that are missing, as root or through sudo.
# usage: scripts/install.sh (build|demo|audio|check|bench)...      scripts/install.sh --update
set -eu

build="meson ninja-build gcc libc6-dev pkg-config libprotobuf-c-dev protobuf-c-compiler libonnx-dev
    libcmocka-dev libjansson-dev libinih-dev python3 libavformat-dev libavcodec-dev libavfilter-dev libswscale-dev
    libswresample-dev libavutil-dev"
demo="python3 python3-onnx python3-numpy ffmpeg"
audio="python3 python3-numpy python3-venv ffmpeg espeak-ng"
check="git python3 python3-onnx python3-numpy ffmpeg libonnx-testdata clang libclang-rt-14-dev
    clang-format valgrind"
# For what an AArch64 runs by itself.
[ "$(uname -m)" = aarch64 ] ||
    check="$check gcc-aarch64-linux-gnu libc6-dev-arm64-cross qemu-user"
bench="python3 python3-venv python3-onnx python3-numpy ffmpeg espeak-ng libdnnl-dev libxnnpack-dev
    libpthreadpool-dev xvfb xterm xdotool xfonts-base fonts-dejavu-core"

as_root()
{
    if [ "$(id -u)" -eq 0 ]; then
        DEBIAN_FRONTEND=noninteractive "$@"
    elif command -v sudo >/dev/null; then
        sudo DEBIAN_FRONTEND=noninteractive "$@"
    else
        echo "install: needs root or sudo for: $*" >&2
        exit 1
    fi
}

quiet()
{
    log=$(mktemp)
    if ! as_root "$@" </dev/null >"$log" 2>&1; then
        cat "$log" >&2
        rm -f "$log"
        return 1
    fi
    rm -f "$log"
}

if [ "${1:-}" = --update ]; then
    quiet apt-get -q update
    exit
fi

wanted=
for group in "$@"; do
    case $group in
        build) wanted="$wanted $build" ;;
        demo) wanted="$wanted $demo" ;;
        audio) wanted="$wanted $audio" ;;
        check) wanted="$wanted $check" ;;
        bench) wanted="$wanted $bench" ;;
        *) echo "install: unknown group $group" >&2; exit 2 ;;
    esac
    case $group in
        # npm may have come from somewhere else than Debian.
        demo | audio | bench) command -v npm >/dev/null || wanted="$wanted npm" ;;
    esac
done

missing=
for package in $wanted; do
    case $(dpkg-query -W -f '${db:Status-Status}' "$package" 2>/dev/null || true) in
        installed) ;;
        *) missing="$missing $package" ;;
    esac
done
[ -n "$missing" ] || exit 0

echo "installing:$missing"
# shellcheck disable=SC2086
if ! (quiet apt-get -q install -y --no-install-recommends $missing) 2>/dev/null; then
    quiet apt-get -q update
    quiet apt-get -q install -y --no-install-recommends $missing
fi
