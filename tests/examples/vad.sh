#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# examples/vad as people run it, with a network that hears loudness. usage: vad.sh PROGRAM
set -u
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
/usr/bin/python3 "$here/make_vad.py" "$dir" || exit 1

. "$here/expect.sh"
prints() { # prints LINE...: these lines and no more, spaces aside
    [ "$(tr -s ' ' <out | sed 's/^ //')" = "$(printf '%s\n' "$@")" ] || wrong "out is not: $*"
}

expect 0 --help
grep -q 'usage: vad MODEL SOUND' out || wrong 'no help'
for gate in off exact deadzone:1/255; do
    expect 0 loud.onnx talk.wav --gate "$gate"
    [ "$(wc -l <out)" -eq 2 ] || wrong 'not two segments'
    grep -q 'similarity' err || wrong 'no report'
done
cp out segments
# The start of a segment is right to a window or two, and so is its end.
/usr/bin/python3 -c "
got = [[float(v) for v in line.split()] for line in open('segments')]
for (a, b), (c, d) in zip(got, [(0.5, 1.5), (3, 4.5)]):
    assert abs(a - c) < 0.1 and abs(b - d) < 0.2, got" || wrong 'segments lie elsewhere'
expect 0 loud.onnx talk.wav
cp out segments
stdin=talk.wav
expect 0 loud.onnx -
cmp -s out segments || wrong 'a pipe gives something else than the file'
unset stdin
expect 0 loud.onnx talk8.wav
[ "$(wc -l <out)" -eq 2 ] || wrong 'not two segments at 8 kHz'
expect 0 loud.onnx talk.wav --min-speech 0
[ "$(wc -l <out)" -eq 3 ] || wrong 'not three segments'
expect 0 loud.onnx talk.wav --min-silence 5000
[ "$(wc -l <out)" -eq 1 ] || wrong 'not one segment'
expect 0 loud.onnx end.wav
grep -q '  1.010$' out || wrong 'does not end where the sound does'
expect 0 loud.onnx quiet.wav
prints ''
expect 0 loud.onnx talk.wav --probabilities
[ "$(wc -l <out)" -eq 157 ] || wrong 'not a line for each block'
expect 0 loud.onnx tick.wav --probabilities
[ "$(wc -l <out)" -eq 1 ] || wrong 'a single sample is no block'

refuses 2 'MODEL and SOUND are needed'
refuses 2 'MODEL and SOUND are needed' loud.onnx
refuses 2 'one name too many' loud.onnx talk.wav more
refuses 2 'there is no such option' loud.onnx talk.wav --fast 1
refuses 2 'needs a value' loud.onnx talk.wav --threshold
for p in 0 1.5 x nan -1; do
    refuses 2 'should be a probability' loud.onnx talk.wav --threshold "$p"
done
for gate in on deadzone deadzone:x deadzone:1 levels:3; do
    refuses 2 'should be off, exact or deadzone:T' loud.onnx talk.wav --gate "$gate"
done
refuses 2 'should be milliseconds' loud.onnx talk.wav --pad -1
refuses 3 'missing.onnx' missing.onnx talk.wav
refuses 3 'missing.wav: cannot be opened' loud.onnx missing.wav
refuses 3 'none.wav: has no samples' loud.onnx none.wav
refuses 3 'other.onnx: is no silero_vad' other.onnx talk.wav
expect 3 loud.onnx rawaudio:16000:f32le:nan.f32
grep -q 'sample 9999 (second 0.625) is NaN' err || wrong 'does not say where the NaN is'
expect 3 loud.onnx cut.wav
grep -q 'cut.wav: ends early' err || wrong 'does not say that the file was cut'
[ "$(wc -l <out)" -eq 1 ] || wrong 'what came before the cut is lost'

echo "$tests runs, $failed failed"
[ "$failed" -eq 0 ]
