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
