#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# examples/denoise as people run it, with networks that NumPy can follow. usage: denoise.sh PROGRAM
set -u
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
make() { /usr/bin/python3 "$here/make_dtln.py" "$@"; }
make "$dir" || exit 1

. "$here/expect.sh"
is_right() { # is_right IN OUT
    make --check "$1" "$2" 2>why || wrong "$2: $(tail -1 why)"
}

expect 0 --help
grep -q 'usage: denoise MODEL1 MODEL2 SOUND OUT' out || wrong 'no help'
for sound in talk loud blocks short tick; do
    expect 0 one.onnx two.onnx $sound.wav $sound.out.wav
    is_right $sound.wav $sound.out.wav
done
for gate in exact deadzone:0; do
    expect 0 one.onnx two.onnx talk.wav gated.wav --gate "$gate"
    is_right talk.wav gated.wav
    [ "$(grep -c similarity err)" -eq 2 ] || wrong 'no report for each network'
done
# Pipes in and out: the same samples behind a header without a length.
stdin=talk.wav
expect 0 one.onnx two.onnx - -
tail -c +45 out >samples
tail -c +45 talk.out.wav | cmp -s - samples || wrong 'a pipe gives something else than the file'
stdin=talk.s16
expect 0 one.onnx two.onnx rawaudio:16000:s16le:- -
tail -c +45 out | cmp -s - samples || wrong 'raw sound gives something else than the file'
unset stdin

refuses 2 'MODEL1, MODEL2, SOUND and OUT are needed'
refuses 2 'MODEL1, MODEL2, SOUND and OUT are needed' one.onnx two.onnx talk.wav
refuses 2 'one name too many' one.onnx two.onnx talk.wav a.wav b.wav
refuses 2 'there is no such option' one.onnx two.onnx talk.wav a.wav --fast
refuses 2 'needs a value' one.onnx two.onnx talk.wav a.wav --gate
for gate in on deadzone deadzone:x deadzone:1 levels:3; do
    refuses 2 'should be off, exact or deadzone:T' one.onnx two.onnx talk.wav a.wav --gate "$gate"
done
cp talk.wav same.wav
refuses 2 'the same file' one.onnx two.onnx same.wav same.wav
refuses 2 'the same file' one.onnx two.onnx rawaudio:16000:s16le:talk.s16 talk.s16
cmp -s talk.wav same.wav || wrong 'the sound is gone'
refuses 3 'missing.onnx' missing.onnx two.onnx talk.wav a.wav
refuses 3 'one.onnx' one.onnx one.onnx talk.wav a.wav
refuses 3 'small.onnx: is no network 1 of DTLN' small.onnx two.onnx talk.wav a.wav
refuses 3 'missing.wav: cannot be opened' one.onnx two.onnx missing.wav a.wav
refuses 3 'folder/a.wav: ' one.onnx two.onnx talk.wav folder/a.wav
refuses 3 'none.wav: has no samples' one.onnx two.onnx none.wav a.wav
[ ! -e a.wav ] || [ "$(wc -c <a.wav)" -eq 44 ] || wrong 'samples of nothing'
expect 3 one.onnx two.onnx rawaudio:16000:f32le:nan.f32 a.wav
grep -q 'sample 999 (second 0.062) is NaN' err || wrong 'does not say where the NaN is'
# What came before the cut is there.
expect 3 one.onnx two.onnx cut.wav cut.out.wav
grep -q 'cut.wav: ends early' err || wrong 'does not say that the file was cut'
[ "$(wc -c <cut.out.wav)" -gt 19000 ] || wrong 'what came before the cut is lost'
if [ -w /dev/full ]; then
    refuses 3 '/dev/full: ' one.onnx two.onnx talk.wav /dev/full
fi

echo "$tests runs, $failed failed"
[ "$failed" -eq 0 ]
