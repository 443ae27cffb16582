#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Compiles the library without meson, one call of cc, and a program against it: the sources need no
# configuration. usage: scripts/plain-cc.sh [DIR for what is made]
set -eu
cd "$(dirname "$0")/.."
root=$PWD
out=${1:-build-plain}
mkdir -p "$out"
cd "$out"
rm -f ./*.o

for d in /usr/include /usr/local/include; do
    [ -f "$d/onnx/onnx.proto" ] && proto=$d/onnx
done
protoc-c --proto_path="$proto" --c_out=. "$proto/onnx.proto"

: "${CC:=cc}"
# shellcheck disable=SC2046
$CC -std=gnu11 -O1 -ffp-contract=off -fno-math-errno -w -I. -I"$root/include" -I"$root/src" \
    $(pkg-config --cflags libprotobuf-c) -c onnx.pb-c.c $(find "$root/src" -name '*.c')

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
$CC -std=c11 -I"$root/include" use.c ./*.o -o use $(pkg-config --libs libprotobuf-c) -lm -lpthread
./use
