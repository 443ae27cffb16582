# SPDX-License-Identifier: Apache-2.0
# Windows that slide: what they give is held against the same windows given whole.
/usr/bin/python3 - <<'END'
import numpy as np

rng = np.random.default_rng(5)


def windows(columns, length, hop, axis):
    """All of them, stacked: what the model reads without a window."""
    n = (columns.shape[axis] - length) // hop + 1
    return np.stack([columns.take(range(i * hop, i * hop + length), axis) for i in range(n)])


long = rng.standard_normal((1, 60, 8, 1)).astype("<f4")
long[:, 30:45] = long[:, 29:30]  # something that stands still
np.save("long.npy", long)
np.save("stacked.npy", long[0])
np.save("bare.npy", long[0, :, :, 0])
np.save("mels_full.npy", windows(long, 16, 3, 1))
np.save("mels_full9.npy", windows(long, 9, 2, 1))
np.save("few.npy", long[:, :15])
np.save("just.npy", long[:, :16])
np.save("narrow.npy", long[:, :, :7])
np.save("double.npy", long.astype("<f8"))
whole = open("long.npy", "rb").read()
open("cut.npy", "wb").write(whole[:-800])
long[:, 40, 3] = np.nan
np.save("hole.npy", long)
np.save("states.npy", rng.standard_normal((1, 3, 80, 32)).astype("<f4"))
x = (np.arange(1000) * 37 % 2001 - 1000).astype("<f4") / 32768
np.save("ears_full.npy", windows(x[None, None], 60, 20, 2))
np.save("samples.npy", x[None, None])
pictures = rng.integers(0, 256, (20, 16, 24, 3)).astype("u1")
for i in range(1, 20):
    still = rng.random((16, 24, 1)) < 0.8
    pictures[i] = np.where(still, pictures[i - 1], pictures[i])
pictures.tofile("clip.rgb")
pictures[:4].tofile("clip_short.rgb")
planes = (pictures.astype("<f4") / 255).transpose(3, 0, 1, 2)[None].copy()
np.save("planes.npy", planes)  # columns of which the bytes lie apart
np.save("frames_of_clip.npy", planes[0].transpose(1, 0, 2, 3).copy())
np.save("clip_full.npy", windows(planes, 6, 2, 2))
END
head -c 80 saw.raw >tiny.raw # 40 samples
same() { # same FOLDER FOLDER: the same files, and outputs y as good as equal
    tests=$((tests + 1))
    /usr/bin/python3 -c "
import os
import numpy as np
a, b = sorted(os.listdir('$1')), sorted(os.listdir('$2'))
assert a == b and a, (a, b)
for f in a:
    x, y = np.load('$1/' + f), np.load('$2/' + f)
    assert x.shape == y.shape and np.abs(x - y).max() < 1e-5 * np.abs(y).max(), (f, x, y)
" 2>err || wrong "$1 and $2 differ"
}

# Arrays: along the axis, an array a column, and such without axes of one.
expect 0 run mels.onnx mels_full.npy --gate off --out mels_full
for array in long stacked bare; do
    expect 0 run mels.onnx $array.npy --hop 3 --axis 1 --out mels_$array --json mels.json
    says out "$array.npy: 15 windows"
    says out 'window       16 columns along axis 1 of x, 3 of them new in a call'
    says err 'the first 5 calls only filled the window and are not counted'
    one_line
    json mels.json "j['frames'] == 15 and j['frames_counted'] == 14"
    json mels.json "{k: j['window'][k] for k in ('input', 'axis', 'length', 'hop', 'lead', 'filling')} == {'input': 'x', 'axis': 1, 'length': 16, 'hop': 3, 'lead': 2, 'filling': 5}"
    json mels.json "j['window']['macs_executed'] <= j['window']['macs_hop'] < j['window']['macs']"
    json mels.json "0.2 < j['reuse'] < 1 and j['window']['state_bytes'] > 0"
    same mels_$array mels_full
done
expect 0 run mels.onnx mels_full.npy --gate off --skip 4 --frames 5 --out mels_some
expect 0 run mels.onnx long.npy --hop 3 --axis -3 --window 16 --skip 4 --frames 5 --out mels_slid
same mels_slid mels_some
expect 0 run mels_open.onnx mels_full9.npy --gate off --shape 1,9,8,1 --out open_full
expect 0 run mels_open.onnx long.npy --hop 2 --axis 1 --window 9 --out open_slid
same open_slid open_full
expect 0 run mels_open.onnx long.npy --hop 2 --axis 1 --shape x=1,9,8,1 --out open_shape
same open_shape open_full
expect 0 run mels.onnx just.npy --hop 3 --axis 1
says out 'just.npy: 1 window'
expect 0 run mels.onnx long.npy --hop 1 --axis 1 --gate off
says out 'long.npy: 45 windows'

# bench and verify run the full window beside it.
expect 0 verify mels.onnx long.npy --hop 3 --axis 1 --max-rel-l2 1e-5 --json verified.json
says out 'against full'
json verified.json "j['error']['rel_l2'] < 1e-5 and j['frames'] == 15 and j['oracle']['holds']"
expect 0 verify mels_open.onnx long.npy --hop 2 --axis 1 --window 9 --max-rel-l2 1e-5
expect 1 verify mels.onnx long.npy --hop 3 --axis 1 --gate deadzone:0.9 --max-rel-l2 1e-5
says err 'check failed: rel L2 error'
for gate in off exact deadzone:4/255; do
    expect 0 bench mels.onnx long.npy --hop 3 --axis 1 --gate $gate --json bench.json
    says out 'full window      reuse'
    says out "% of the full window's multiply-accumulates (MACs)"
    json bench.json "j['window']['macs_hop'] < j['window']['macs'] and j['speedup'] > 0"
    json bench.json "abs(j['reuse'] - (1 - j['window']['macs_executed'] / j['window']['macs'])) < 1e-9"
done

# A state begins with the first whole window.
expect 0 verify state.onnx states.npy --set rate=1 --carry s=sN --hop 4 --axis 2 --max-rel-l2 1e-5
expect 0 run mels.onnx long.npy --hop 3 --axis 1 --gate levels:32 --all-gates --trace window.trace
expect 0 sim --trace window.trace --brief

# Samples, features, pictures.
expect 0 run ears.onnx ears_full.npy --gate off --out ears_full
expect 0 run ears.onnx saw.wav --hop 20 --axis 2 --out ears_saw
says out 'saw.wav: 48 blocks of 20 samples, every 1.25 ms'
same ears_saw ears_full
expect 0 run ears.onnx samples.npy --hop 20 --axis 2 --out ears_npy
same ears_npy ears_full
expect 0 run ears.onnx saw.wav --hop 20 --axis -1 --skip 3 --frames 2 --out ears_some
expect 0 run ears.onnx ears_full.npy --skip 3 --frames 2 --gate off --out ears_some_full
same ears_some ears_some_full
expect 0 verify mels.onnx tone.wav --features logmel:8 --hop 3 --axis 1 --max-rel-l2 1e-5
says out 'blocks of 3 logmel:8, every 30 ms'
expect 0 run clip.onnx clip_full.npy --gate off --out clip_full
expect 0 run clip.onnx rawvideo:24x16:rgb24:clip.rgb --hop 2 --axis 2 --out clip_slid
says out '8 windows of 24x16'
same clip_slid clip_full
for array in planes frames_of_clip; do
    expect 0 run clip.onnx $array.npy --hop 2 --axis 2 --out clip_$array
    same clip_$array clip_full
done
expect 0 run clip.onnx clip_full.npy --gate off --skip 2 --frames 3 --out clip_some_full
expect 0 run clip.onnx rawvideo:24x16:rgb24:clip.rgb --hop 2 --axis 2 --skip 2 --frames 3 --out clip_some
same clip_some clip_some_full
expect 0 verify clip.onnx good.avi --hop 1 --axis 2 --range -1..1 --gate exact --max-rel-l2 1e-5
says out '7 windows'
expect 0 bench clip.onnx good.avi --hop 1 --axis 2 --gate levels:32

# Gates are found on whole windows only, also where the part that is held back begins.
expect 0 calibrate mels.onnx long.npy --hop 3 --axis 1 --budget 0 -o window.plan
json window.plan "all(j[part]['error'] < 1e-5 for part in ('seen', 'held_back'))"
expect 0 verify mels.onnx long.npy --hop 3 --axis 1 --plan window.plan --max-rel-l2 1e-5
expect 0 calibrate mels.onnx long.npy --hop 3 --axis 1 --preset isca2018 --clusters 16 -o window.plan
refuses 3 'sample: 8 frames, not 9 or more' \
    calibrate mels.onnx long.npy --hop 3 --axis 1 --frames 3 --budget 0.1 -o window.plan

# info: every node, in no more than 100 characters a line.
expect 0 info mels.onnx --hop 3 --axis 1
says out 'window      16 columns along axis 1 of x, 3 of them new in a call'
says out '6 calls fill it, the first with 2 columns of nothing before its own'
for word in first second mean flat last shifted whole; do says out "$word"; done
tests=$((tests + 1))
awk 'length > 100 { exit 1 }' out || wrong 'a line is longer than 100 characters'
expect 0 info mels.onnx --hop 3 --axis 1 --json
cp out window.json
json window.json "j['schema'] == 1 and j['window']['macs_hop'] < j['window']['macs'] and j['window']['calls'] == 6"
json window.json "[n['name'] for n in j['window']['nodes'] if n['verdict'] == 'shifted' and n['computed'] < n['columns']]"
json window.json "all(bool(n['reason']) == (n['verdict'] == 'whole') for n in j['window']['nodes'])"
for count in macs macs_hop; do
    json window.json "sum(n['$count'] for n in j['window']['nodes']) == j['window']['$count']"
done
expect 0 info mels.onnx --json
json out "'window' not in j"
expect 0 info mels_open.onnx --hop 4 --axis 1 --window 40

# What does not fit.
refuses 2 "has 4 axes, and no axis 5" info mels.onnx --hop 3 --axis 5
refuses 2 "a hop of 16 leaves nothing of 16 columns" info mels.onnx --hop 16 --axis 1
refuses 3 "has 16 columns on axis 1, not 17" run mels.onnx long.npy --hop 3 --axis 1 --window 17
refuses 3 "or, of the window's axis, with --window" info mels_open.onnx --hop 3 --axis 1
refuses 3 'narrow.npy: is 1x60x7x1; x reads windows of 1x16x8x1 along axis 1, so it should be 1xNx8x1 or Nx1x8x1' \
    run mels.onnx narrow.npy --hop 3 --axis 1
refuses 3 'few.npy: has only 15 columns; a window takes 16' run mels.onnx few.npy --hop 3 --axis 1
refuses 3 'has only 60 columns; a window takes 16, after those that are skipped' \
    run mels.onnx long.npy --hop 3 --axis 1 --skip 15
refuses 3 'double.npy: holds numbers of type <f8' run mels.onnx double.npy --hop 3 --axis 1
refuses 3 'number.npy: is one number' run mels.onnx number.npy --hop 3 --axis 1
refuses 3 'tiny.raw: ends before a window of 60 columns is full' \
    run ears.onnx rawaudio:16000:s16le:tiny.raw --hop 20 --axis 2
refuses 3 'clip_short.rgb: ends before a window of 6 columns is full' \
    run clip.onnx rawvideo:24x16:rgb24:clip_short.rgb --hop 2 --axis 2
refuses 4 'is neither a picture nor sound; a window needs --axis, too' run net.onnx good.avi --hop 2
refuses 4 'input x (f32 1x3x32x32) is no window of pictures along axis 2' \
    run net.onnx good.avi --hop 2 --axis 2
refuses 2 'input x (1x3x8x1) does not hold frames of 4 features' \
    run mels.onnx tone.wav --features logmel:4 --hop 3 --axis 1
expect 3 run mels.onnx cut.npy --hop 3 --axis 1
says err 'cut.npy: ends early'
says out 'similarity'
expect 3 verify mels.onnx hole.npy --hop 3 --axis 1
says err 'hole.npy: frame 9 holds NaN or infinity'
