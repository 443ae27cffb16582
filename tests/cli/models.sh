# SPDX-License-Identifier: Apache-2.0
# Models: what info says, and the ones that cannot be run.
expect 0 info net.onnx
for part in 'x  f32 1x3x32x32' 'y/out:0  f32 1x8x16x16' 'Conv '; do says out "$part"; done
expect 0 info net.onnx --json
cp out info.json
json info.json "j['schema'] == 1 and j['inputs'][0]['shape'] == [1, 3, 32, 32]"
json info.json "j['macs'] == 3*16*9*32*32 + 16*8*9*16*16 and j['unsupported'] == []"
json info.json "j['parameters'] == 3*16*9 + 16 + 16*8*9 and len(j['layers']) >= 2"

refuses 3 'missing.onnx' info missing.onnx
refuses 3 'missing.onnx' run missing.onnx good.avi
refuses 3 'folder' info folder
refuses 3 'letter.avi' info letter.avi
refuses 3 'empty.mp4' run empty.mp4 good.avi
head -c 1000 net.onnx >cut.onnx
refuses 3 'cut.onnx' info cut.onnx

# Every unsupported node is listed.
for command in 'info strange.onnx' 'run strange.onnx good.avi' 'bench strange.onnx good.avi'; do
    # shellcheck disable=SC2086
    expect 4 $command
    says err the_foo
    says err the_bar
    silent out
done
expect 4 info strange.onnx --json
cp out strange.json
json strange.json "len(j['unsupported']) == 2"

# Models that no picture fits, and shapes that the file leaves open.
refuses 4 'has 2 inputs' run two.onnx good.avi
expect 3 run open.onnx good.avi
says err open.onnx
says err 'give a shape with --shape, such as'
expect 0 run open.onnx good.avi --shape x=1,3,24,48
says out 'input 1x3x24x48'
expect 0 info open.onnx --shape 1,3,24,48
says out '1x8x12x24'
refuses 2 'its outputs do not fit this --decode' run net.onnx good.avi --decode nanodet
refuses 2 'its outputs do not fit this --decode' run net.onnx good.avi --decode ssd

# Inputs that are constants, and inputs that are carried from frame to frame.
refuses 4 'has 3 inputs' run state.onnx good.avi
refuses 4 'has 2 inputs' run state.onnx good.avi --set rate=1
refuses 2 "the model has no input 'pace'" run state.onnx good.avi --set pace=1
refuses 2 "the model has no output 'none'" run state.onnx good.avi --set rate=1 --carry s=none
refuses 3 "output 'y' (type 1, [1, 8, 32, 32]) cannot be carried to input 's'" \
    run state.onnx good.avi --set rate=1 --carry s=y
expect 0 info state.onnx --set rate=1 --carry s=sN
says out 'x  f32 1x3x32x32'
for rate in 1 0; do
    expect 0 run state.onnx good.avi --set rate=$rate --carry s=sN --frames 4 --out rate$rate
done
expect 0 verify state.onnx good.avi --set rate=1 --carry s=sN --gate exact --max-rel-l2 1e-6
expect 0 bench state.onnx good.avi --set rate=1 --carry s=sN
refuses 4 'the stream carries inputs from frame to frame' \
    run state.onnx good.avi --set rate=1 --carry s=sN --audit 4
/usr/bin/python3 - <<'END' || exit 1
import numpy as np
frame = lambda rate, i: np.load(f"rate{rate}/frame{i:06d}_sN.npy")
assert not frame(0, 3).any()
first, second = frame(1, 0), frame(1, 1)
assert first.any() and second.mean() > 1.2 * first.mean()  # half of x, then three quarters
END
