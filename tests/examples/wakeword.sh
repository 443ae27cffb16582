#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# examples/wakeword as people run it, with networks that hear noise that goes on; and, where they
# were fetched, with openWakeWord's own. usage: wakeword.sh PROGRAM
set -u
here=$(cd "$(dirname "$0")" && pwd)
demo=$here/../../demo
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir" || exit 1
/usr/bin/python3 "$here/make_wake.py" "$dir" || exit 1

. "$here/expect.sh"
near() { # near FILE1 FILE2 MISSING: the same scores within 1e-4, -1 in the first MISSING lines
    /usr/bin/python3 - "$@" <<'EOF' || wrong 'the scores are not those of whole windows'
import sys
a, b = ([[float(v) for v in line.split()] for line in open(f)] for f in sys.argv[1:3])
n = int(sys.argv[3])
assert len(a) == len(b) > n
for i, (x, y) in enumerate(zip(a, b)):
    assert len(x) == len(y) and x[0] == y[0], (x, y)
    assert all(abs(p - q) <= 1e-4 for p, q in zip(x[1:], y[1:])), (x, y)
    assert (x[1] == -1) == (i < n), (i, x)
assert max(x[1] for x in a) > 0.9 and min(x[1] for x in a[n:]) < 0.1
EOF
}

expect 0 --help
grep -q 'usage: wakeword MEL EMBEDDING HEAD... SOUND' out || wrong 'no help'
nets='mel.onnx embedding.onnx noise.onnx'
for option in --full '--full --gate off' '' '--gate off' '--gate deadzone:1/255 --quiet 20' \
    '--all-gates --quiet 64'; do
    # shellcheck disable=SC2086
    expect 0 $nets talk.wav $option
    [ "$(wc -l <out)" -eq 2 ] && grep -q '^ *6\.[0-9]* *noise  0\.' out && grep -q '^ *15\.' out ||
        wrong 'not the two words'
    grep -q 'every window whole and dense' err || wrong 'no report'
done
# Every score, of several words, whose windows are of 16 and of 22 embeddings.
# shellcheck disable=SC2086
expect 0 $nets long.onnx shy.onnx talk.wav --scores --full --gate off
cp out whole
for option in '' '--gate off' '--full'; do
    # shellcheck disable=SC2086
    expect 0 $nets long.onnx shy.onnx talk.wav --scores $option
    near out whole 24
done
# shellcheck disable=SC2086
expect 0 $nets talk.wav
cp out words
stdin=talk.wav
# shellcheck disable=SC2086
expect 0 $nets -
cmp -s out words || wrong 'a pipe gives something else than the file'
unset stdin
# shellcheck disable=SC2086
{
    expect 0 $nets talk8.wav
    [ "$(wc -l <out)" -eq 2 ] || wrong 'not two words at 8 kHz'
    expect 0 $nets talk.wav --threshold 1
    [ -s out ] && wrong 'words at a score of 1'
    expect 0 $nets talk.wav --rest 0
    [ "$(wc -l <out)" -gt 10 ] || wrong 'no word again and again without a rest'
    expect 0 $nets start.wav
    [ -s out ] && wrong 'a word before there is a window'
    expect 0 $nets start.wav --scores
    [ "$(wc -l <out)" -eq 19 ] || wrong 'not a line for each block'

    refuses 2 'are needed'
    refuses 2 'are needed' $nets
    refuses 2 'one name too many' 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20
    refuses 2 'there is no such option' $nets talk.wav --fast 1
    refuses 2 'needs a value' $nets talk.wav --threshold
    for p in 0 1.5 x nan -1; do
        refuses 2 'should be a score' $nets talk.wav --threshold "$p"
    done
    for gate in on deadzone deadzone:x deadzone:1 levels:3; do
        refuses 2 'should be off, exact or deadzone:T' $nets talk.wav --gate "$gate"
    done
    refuses 2 'should be milliseconds' $nets talk.wav --rest -1
    refuses 2 'should be steps' $nets talk.wav --quiet 40000
    for full in '' --full; do
        refuses 3 'missing.onnx' missing.onnx embedding.onnx noise.onnx talk.wav $full
        refuses 3 'missing.onnx' mel.onnx embedding.onnx missing.onnx talk.wav $full
        refuses 3 'mel40.onnx: is no mel spectrum' mel40.onnx embedding.onnx noise.onnx talk.wav $full
        refuses 3 'noise.onnx' mel.onnx noise.onnx noise.onnx talk.wav $full
        refuses 3 'three.onnx: is no word' mel.onnx embedding.onnx three.onnx talk.wav $full
        refuses 3 'mel.onnx' mel.onnx embedding.onnx mel.onnx talk.wav $full
    done
    refuses 3 'missing.wav: cannot be opened' $nets missing.wav
    refuses 3 'none.wav: has no samples' $nets none.wav
    expect 3 $nets rawaudio:16000:f32le:nan.f32
    grep -q 'sample 9999 (second 0.625) is NaN' err || wrong 'does not say where the NaN is'
    expect 3 $nets cut.wav
    grep -q 'cut.wav: ends early' err || wrong 'does not say that the file was cut'
    [ "$(wc -l <out)" -eq 1 ] || wrong 'what came before the cut is lost'
}

# The real ones, on the phrases.
oww=$demo/models/oww
if [ -e "$oww-melspectrogram.onnx" ] && [ -e "$oww-embedding.onnx" ] && [ -e "$oww-alexa.onnx" ] &&
    [ -e "$oww-hey-jarvis.onnx" ] && [ -e "$demo/streams/phrases.txt" ]; then
    for option in --full ''; do
        # shellcheck disable=SC2086
        expect 0 "$oww-melspectrogram.onnx" "$oww-embedding.onnx" "$oww-alexa.onnx" \
            "$oww-hey-jarvis.onnx" "$demo/streams/phrases.wav" $option
        cp out "words$option"
    done
    /usr/bin/python3 - "$demo/streams/phrases.txt" words words--full <<'EOF' || wrong 'other words'
import sys
said = [line.split(None, 2) for line in open(sys.argv[1])]
new, whole = ([line.split() for line in open(f)] for f in sys.argv[2:])
assert [w[:2] for w in new] == [w[:2] for w in whole], (new, whole)
for at, word, _ in new:  # nothing is heard that was not said
    assert any(word[4:] == s[2].split(' (')[0].replace(' ', '-').strip() and
               float(s[0]) < float(at) < float(s[1]) + 1.5 for s in said), (at, word)
assert sum(w[1] == 'oww-hey-jarvis' for w in new) >= 10
EOF
else
    echo 'not here: openWakeWord (scripts/models.py, scripts/wake_streams.py --phrases)'
fi

echo "$tests runs, $failed failed"
[ "$failed" -eq 0 ]
