# SPDX-License-Identifier: Apache-2.0
# Similarity traces: there when the run is complete, and only then. sim reads them.

# whole FILE FRAMES: the trace begins and ends as it should, and nothing else is left.
whole() {
    tests=$((tests + 1))
    [ -s "$1" ] && [ ! -e "$1.part" ] && /usr/bin/python3 - "$1" "$2" >out 2>err <<'END' ||
import struct, sys, zlib
b = open(sys.argv[1], "rb").read()
assert b[:8] == b"\x89RPT\r\n\x1a\n" and struct.unpack_from("<I", b, 8) == (1,)
at = 16 + struct.unpack_from("<I", b, 12)[0]
assert struct.unpack_from("<I", b, at) == (zlib.crc32(b[:at]),)
at, kinds = at + 4, b""
while at < len(b):
    kind, n = struct.unpack_from("<cI", b, at)
    assert struct.unpack_from("<I", b, at + 5 + n) == (zlib.crc32(b[at:at + 5 + n]),)
    kinds, at, last = kinds + kind, at + 9 + n, b[at + 5:at + 5 + n]
assert kinds == b"F" * int(sys.argv[2]) + b"E" and struct.unpack("<Q", last) == (int(sys.argv[2]),)
END
        wrong "$1 is not a whole trace of $2 frames"
}
absent() { # absent FILE...: none of them is there
    for file in "$@"; do
        tests=$((tests + 1))
        [ ! -e "$file" ] || wrong "$file was left behind"
    done
}

for gate in exact levels:32 deadzone:2/255; do
    rm -f t.trace
    expect 0 run net.onnx good.avi --gate $gate --trace t.trace
    silent err
    whole t.trace 12
done
cp t.trace again.trace
expect 0 run net.onnx good.avi --gate deadzone:2/255 --trace t.trace --frames 12 --json -
whole t.trace 12
name='the same run gives the same trace'
tests=$((tests + 1))
cmp -s t.trace again.trace || wrong 'they differ'
# It changes no result.
expect 0 run net.onnx good.avi --gate deadzone:2/255 --out without
expect 0 run net.onnx good.avi --gate deadzone:2/255 --out with --trace t.trace
name='outputs with and without a trace'
tests=$((tests + 1))
diff -r without with >out 2>&1 || wrong 'they differ'

# What cannot be written, and what fails on the way, leaves the trace of before.
refuses 3 '/nonexistent/t.trace: cannot be written' run net.onnx good.avi --trace /nonexistent/t.trace
refuses 3 'folder: cannot be written' run net.onnx good.avi --trace folder
expect 3 run net.onnx cut.avi --gate deadzone:2/255 --trace t.trace
says err 'cut.avi: ends early'
one_line
whole t.trace 12
refuses 3 'missing.avi: cannot be opened' run net.onnx missing.avi --trace new.trace
expect 3 run net.onnx rawvideo:32x32:gbrpf32le:nan.f32 --trace new.trace
says err 'nan.f32: frame 2 holds NaN or infinity'
absent new.trace new.trace.part
if [ -w /dev/full ]; then
    expect 3 run net.onnx good.avi --trace /dev/full
    says err '/dev/full: cannot be written'
    one_line
fi
# A pipe is written directly.
mkfifo pipe
cat pipe >piped.trace &
expect 0 run net.onnx good.avi --gate deadzone:2/255 --trace pipe
wait $!
name='a trace through a pipe'
tests=$((tests + 1))
cmp -s piped.trace t.trace || wrong 'it differs'
