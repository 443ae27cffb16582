# SPDX-License-Identifier: Apache-2.0
# Bad inputs: exit code 3 and a line that names the file.
film good.avi 12
film cut.whole.avi 60
head -c "$(($(wc -c <cut.whole.avi) * 2 / 3))" cut.whole.avi >cut.avi
: >empty.mp4
ffmpeg -v error -y -f lavfi -i sine=d=1 tone.wav </dev/null || exit 1
ffmpeg -v error -y -f lavfi -i sine=d=1 -c:a aac tone.mp4 </dev/null || exit 1
echo 'Dear reader, this is no film.' >letter.avi
head -c 5000 /dev/zero >short.rgb # one frame of 32x32 rgb24 is 3072 bytes
mkdir folder
/usr/bin/python3 - <<'END'
import numpy as np
frames = np.full((4, 3, 32, 32), 0.5, "<f4")
frames.tofile("fine.f32")
frames[2, 1, 5, 7] = np.nan
frames.tofile("nan.f32")
frames[2, 1, 5, 7] = -np.inf
frames.tofile("inf.f32")
END

refuses 3 'missing.mp4: cannot be opened' run net.onnx missing.mp4
refuses 3 'empty.mp4: is empty' run net.onnx empty.mp4
refuses 3 'letter.avi: is not a video' run net.onnx letter.avi
refuses 3 'tone.wav: has no video stream' run net.onnx tone.wav
refuses 3 'tone.mp4: has no video stream' run net.onnx tone.mp4
refuses 3 'good.avi: has no audio stream' run vector.onnx good.avi
refuses 3 'folder: is a directory' run net.onnx folder
refuses 3 'no_%03d.pgm: no such image sequence' run net.onnx no_%03d.pgm
refuses 3 'there is no pixel format "rgb25"' run net.onnx rawvideo:32x32:rgb25:short.rgb
refuses 3 'should be rawvideo:' run net.onnx rawvideo:32x32
refuses 3 'missing.rgb: cannot be opened' run net.onnx rawvideo:32x32:rgb24:missing.rgb
refuses 3 'has no frames' run net.onnx rawvideo:32x32:rgb24:empty.mp4
refuses 3 'good.avi: has only 12 frames, all of them skipped' run net.onnx good.avi --skip 12
stdin=letter.avi
refuses 3 'stdin: is not a y4m stream' run net.onnx -
unset stdin

# What came before the break was good and is reported.
for command in run bench verify; do
    expect 3 $command net.onnx cut.avi
    says err 'cut.avi: ends early'
    one_line
    says out 'similarity'
    expect 3 $command net.onnx rawvideo:32x32:rgb24:short.rgb
    says err 'short.rgb: ends early: frame 1 has 1928 of 3072 bytes'
    one_line
done
expect 0 run net.onnx cut.avi --frames 3 # not reached: no reason to complain
silent err

for kind in nan inf; do
    expect 3 run net.onnx rawvideo:32x32:gbrpf32le:$kind.f32
    says err "$kind.f32: frame 2 holds NaN or infinity"
    one_line
    expect 3 bench net.onnx rawvideo:32x32:gbrpf32le:$kind.f32 --gate deadzone:2/255
    says err "$kind.f32: frame 2 holds NaN or infinity"
done
expect 0 run net.onnx rawvideo:32x32:gbrpf32le:nan.f32 --frames 2
expect 0 run net.onnx rawvideo:32x32:gbrpf32le:fine.f32
