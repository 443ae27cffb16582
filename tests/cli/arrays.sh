# SPDX-License-Identifier: Apache-2.0
# Files of arrays as input.
/usr/bin/python3 - <<'END'
import numpy as np
rng = np.random.default_rng(5)
frames = rng.standard_normal((6, 1, 3, 32, 32)).astype("<f4")
frames[3:] = frames[2]
np.save("frames.npy", frames)
np.save("flat.npy", frames[:, 0])  # axes of one do not matter
np.save("one.npy", frames[0])
np.save("f8.npy", frames.astype("<f8"))
np.save("fortran.npy", np.asfortranarray(frames))
np.save("none.npy", frames[:0])
np.save("number.npy", np.float32(1))
np.save("vector.npy", rng.standard_normal((4, 96)).astype("<f4"))
np.save("steps.npy", np.cumsum(rng.standard_normal((8, 5, 1, 16)) / 9, 0).astype("<f4"))
np.save("block.npy", rng.standard_normal((3, 80)).astype("<f4"))
np.save("records.npy", np.zeros(3, [("a", "<f4"), ("b", "<i4")]))
frames[4, 0, 1, 2, 3] = np.nan
np.save("nan.npy", frames)
whole = open("frames.npy", "rb").read()
open("short.npy", "wb").write(whole[:-5000])
open("header.npy", "wb").write(whole[:40])
open("version.npy", "wb").write(whole[:6] + b"\x09" + whole[7:])
open("odd.npy", "wb").write(whole.replace(b"'shape'", b"'shade'"))
END
expect 0 run net.onnx frames.npy --gate exact --out arrays --json arrays.json
silent err
says out 'frames.npy: 6 frames'
json arrays.json "j['frames'] == 6 and j['frames_counted'] == 5 and j['similarity'] > 0.3"
json arrays.json "__import__('numpy').array_equal(*[__import__('numpy').load(f'arrays/frame00000{i}_y_out_0.npy') for i in (2, 5)])"
expect 0 run net.onnx flat.npy --skip 2 --json flat.json
json flat.json "j['frames'] == 4 and j['reuse'] == 1"
expect 0 run net.onnx frames.npy --skip 1 --frames 2 --json few.json
json few.json "j['frames'] == 2"
expect 0 run vector.onnx vector.npy # of few axes, but arrays, not sound
says out 'vector.npy: 4 frames'
expect 0 run block.onnx block.npy --out rows
json arrays.json "__import__('numpy').array_equal(__import__('numpy').load('rows/frame000002_y.npy').ravel(), 2 * __import__('numpy').load('block.npy')[2])"
expect 0 bench net.onnx frames.npy --gate deadzone:2/255
expect 0 verify net.onnx frames.npy --gate levels:32
expect 0 calibrate net.onnx frames.npy --preset isca2018 --clusters 16 -o arrays.plan
expect 0 run net.onnx frames.npy --plan arrays.plan --all-gates --trace arrays.trace
expect 0 sim --trace arrays.trace --brief

# Several steps a call: a gate of its own, in plans, numbers and traces. In the simulator each is an execution.
expect 0 info steps.onnx
says out '1 recurrent layer of several steps has gates'
expect 0 info steps.onnx --json
json out "[l['name'] for l in j['layers'] if l['recurrent']] == ['lstm']"
expect 0 calibrate steps.onnx steps.npy --preset isca2018 --clusters 8 -o steps.plan
json steps.plan "[(g['name'], g['gate'], g['levels'], g['lo'] < g['hi']) for g in j['gates']] == [(n, 'levels', 8, True) for n in ('lstm', 'last')]"
expect 0 run steps.onnx steps.npy --plan steps.plan --all-gates --json steps.json
json steps.json "[0.05 < l['similarity'] < 1 for l in j['layers'] if l['name'] == 'lstm'] == [True]"
expect 0 calibrate steps.onnx steps.npy --preset isca2018 --leave-out lstm -o steps.plan
json steps.plan "[g['gate'] for g in j['gates']] == ['off', 'levels']"
expect 0 run steps.onnx steps.npy --plan steps.plan --all-gates --json steps.json
json steps.json "[l['reuse'] for l in j['layers'] if l['name'] == 'lstm'] == [0]"
expect 0 run steps.onnx steps.npy --gate levels:8 --all-gates --trace steps.trace
refuses 4 'steps.trace: layer last does not read one vector for each of 5 steps' sim --trace steps.trace
expect 0 run sequence.onnx steps.npy --gate levels:8 --all-gates --weights f32 --trace sequence.trace
expect 0 sim --trace sequence.trace
says out '2 weighted layers'
says out '1 first (dense) and 39 further executions'
expect 0 sim --trace sequence.trace --json sequence.json
json sequence.json "[l['macs'] for l in j['layers']] == [(16 + 6) * 24, 6 * 3]"
json sequence.json "0.05 < j['layers'][0]['similarity'] < 1 and j['layers'][0]['similarity'] == j['layers'][0]['reuse']"

refuses 3 'missing.npy: cannot be opened' run net.onnx missing.npy
refuses 3 'one.npy: is 1x3x32x32; x reads frames of 1x1x32x32, so it should be Nx1x1x32x32' \
    run gray.onnx one.npy
refuses 3 'f8.npy: holds numbers of type <f8, but x reads <f4 (f32)' run net.onnx f8.npy
refuses 3 'fortran.npy: is in Fortran order' run net.onnx fortran.npy
refuses 3 'none.npy: has no frames' run net.onnx none.npy
refuses 3 'number.npy: is one number' run net.onnx number.npy
refuses 3 'vector.npy: is 4x96; x reads frames of 1x3x32x32' run net.onnx vector.npy
refuses 3 'frames.npy: is 6x1x3x32x32; x reads frames of 1x96' run vector.onnx frames.npy
refuses 3 'frames.npy: has only 6 frames, all of them skipped' run net.onnx frames.npy --skip 6
refuses 3 'records.npy: its header is not that of one array' run net.onnx records.npy
refuses 3 'header.npy: ends within its header' run net.onnx header.npy
refuses 3 'version.npy: is of version 9' run net.onnx version.npy
refuses 3 'odd.npy: its header is not that of one array' run net.onnx odd.npy
cp letter.avi letter.npy
refuses 3 'letter.npy: is not a .npy file' run net.onnx letter.npy
refuses 4 'has 2 inputs; frames can feed only one' run two.onnx frames.npy
for option in '--range 0..1' '--mean 1' '--noise auto' '--ignore 0,0,4,4' '--overlay x.mp4'; do
    # shellcheck disable=SC2086
    refuses 2 "${option%% *} is for pictures, but frames.npy holds arrays" run net.onnx frames.npy $option
done
for option in '--rate 8000' '--context 0' '--gain 2' '--features logmel:40'; do
    # shellcheck disable=SC2086
    refuses 2 "${option%% *} is for sound, but vector.npy holds arrays" run vector.onnx vector.npy $option
done
refuses 2 '--hop is for sound, or needs --axis, but vector.npy holds arrays' \
    run vector.onnx vector.npy --hop 40
refuses 2 '--decode is for pictures' run net.onnx frames.npy --decode nanodet

# What came before the break was good and is reported.
expect 3 run net.onnx short.npy
says err 'short.npy: ends early'
one_line
says out 'similarity'
expect 3 run net.onnx nan.npy
says err 'nan.npy: frame 4 holds NaN or infinity'
