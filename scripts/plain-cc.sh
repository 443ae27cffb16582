#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Builds the library and a program that uses it with one call of cc: the sources need no build
# system and no configuration. usage: scripts/plain-cc.sh [DIR for what is made]
set -eu
cd "$(dirname "$0")/.."
root=$PWD
out=${1:-build-plain}
mkdir -p "$out"
cd "$out"

for d in /usr/include /usr/local/include; do
    [ -f "$d/onnx/onnx.proto" ] && proto=$d/onnx
done
protoc-c --proto_path="$proto" --c_out=. "$proto/onnx.proto"

cat >use.c <<'END'
#include <reprise/reprise.h>
#include <stdio.h>
int main(void)
{
    rpr_model *m = 0;
    rpr_error e;
    int status = rpr_model_load("/nonexistent", 0, &m, &e);
    puts(e.message);
    return !(status == RPR_ERR_IO && !m && rpr_version() >> 16 == RPR_VERSION_MAJOR);
}
END

# shellcheck disable=SC2046
"${CC:-cc}" -std=gnu11 -O1 -ffp-contract=off -fno-math-errno -I. -I"$root/include" -I"$root/src" \
    $(pkg-config --cflags libprotobuf-c) use.c onnx.pb-c.c $(find "$root/src" -name '*.c') -o use \
    $(pkg-config --libs libprotobuf-c) -lm -lpthread
./use
