# SPDX-License-Identifier: Apache-2.0
# Runs that work, and what they say and write.
film frame_%03d.pgm 5 -pix_fmt gray
ffmpeg -v error -y -i good.avi -f yuv4mpegpipe good.y4m </dev/null || exit 1
ffmpeg -v error -y -f lavfi -i color=gray:s=96x64:r=10 -frames:v 8 still.avi </dev/null || exit 1

expect 0 run net.onnx good.avi --json run.json
silent err
says out 'reuse'
json run.json "j['schema'] == 1 and j['frames'] == 12 and 0 <= j['similarity'] <= 1"
json run.json "set(j['ms']) >= {'p50', 'p99', 'mean'} and j['dense_ms'] is None"
json run.json "all(set(l) >= {'name', 'op', 'macs', 'similarity', 'reuse', 'ms', 'choice'} for l in j['layers'])"
json run.json "all(set(l['choice']) == {'skip', 'correct', 'dense'} for l in j['layers'])"
json run.json "j['state_bytes'] > 0 and j['isa'] and j['cuts'] == 0 and j['refreshed'] == 0"

# Two scenes of noise, each with its own parts that move: one cut, and layers take turns.
ffmpeg -v error -y -f lavfi -i nullsrc=s=96x64:r=10 -vf "geq=lum='mod(X*X*7+Y*13+floor(N/8)*(X*Y+97),200)+8*lt(mod(X,96),N)':cb=128:cr=128" -frames:v 16 -c:v ffv1 scenes.avi </dev/null || exit 1
expect 0 run net.onnx scenes.avi --gate deadzone:4/255 --refresh 5 --json run.json
says out 'scene cuts   1 of 15 frames'
says out 'refreshed    '
json run.json "j['cuts'] == 1 and j['refreshed'] > 0"
expect 0 run net.onnx scenes.avi --frames 8 --gate deadzone:4/255 --refresh 0 --json run.json
json run.json "j['cuts'] == 0 and j['refreshed'] == 0"

expect 0 run net.onnx good.avi --frames 4 --skip 2 --json -
cp out run.json
json run.json "j['frames'] == 4"

# The same pictures by another road give the same result.
expect 0 bench net.onnx good.avi --frames 3 --gate deadzone:2/255 --fit
says err 'costs fitted'
expect 0 run net.onnx good.avi --out from_avi
stdin=good.y4m
expect 0 run net.onnx - --out from_pipe
unset stdin
name='the same frames from a file and from a pipe'
tests=$((tests + 1))
[ "$(ls from_avi | wc -l)" -eq 12 ] && diff -r from_avi from_pipe >out 2>&1 || wrong 'they differ'
name='npy files'
tests=$((tests + 1))
/usr/bin/python3 -c "
import numpy as np
a = np.load('from_avi/frame000011_y_out_0.npy')
assert a.shape == (1, 8, 16, 16) and a.dtype == np.float32 and np.isfinite(a).all() and a.any()
" >out 2>err || wrong 'not what NumPy should read'

# Floats give what bytes give: 0..1 for 0..255.
/usr/bin/python3 -c "
import numpy as np
b = np.random.default_rng(3).integers(0, 256, (3, 32, 32, 3), np.uint8)
b.tofile('bytes.rgb')
(b.astype('<f4') / 255)[..., [1, 2, 0]].transpose(0, 3, 1, 2).tofile('floats.gbr')
" || exit 1
expect 0 run net.onnx rawvideo:32x32:rgb24:bytes.rgb --out from_bytes --range -1..1
expect 0 run net.onnx rawvideo:32x32:gbrpf32le:floats.gbr --out from_floats --mean 127.5 --scale 127.5
name='bytes and floats'
tests=$((tests + 1))
/usr/bin/python3 -c "
import glob, numpy as np
for f in glob.glob('from_bytes/*'):
    np.testing.assert_allclose(np.load(f), np.load(f.replace('bytes', 'floats')), atol=1e-5)
" >out 2>err || wrong 'they differ'

expect 0 run gray.onnx frame_%03d.pgm --gate levels:32
says out '5 frames of 96x64'
expect 0 run net.onnx good.avi --overlay overlay.mp4 --gate deadzone:2/255
name='overlay'
tests=$((tests + 1))
[ "$(ffprobe -v error -count_frames -show_entries stream=nb_read_frames,width -of csv=p=0 \
    overlay.mp4)" = 96,12 ] || wrong 'not 12 frames of 96 columns'
refuses 3 '/nonexistent/o.mp4: cannot be written' run net.onnx good.avi --overlay /nonexistent/o.mp4
refuses 3 'good.avi: cannot be made' run net.onnx good.avi --out good.avi
expect 3 run net.onnx good.avi --json /nonexistent/j.json
says err '/nonexistent/j.json: cannot be written'

for gate in exact levels:64 deadzone:2/255 deadzone:0.0078; do
    expect 0 verify net.onnx good.avi --gate $gate --json verify.json
    says out 'holds'
    json verify.json "j['oracle']['holds'] and j['error']['rel_l2'] < 0.5"
done
expect 0 verify net.onnx good.avi --gate off --json verify.json
json verify.json "j['error']['max_abs'] == 0 and 'oracle' not in j"
expect 0 verify net.onnx good.avi --gate exact --max-rel-l2 1e-5
expect 1 verify net.onnx good.avi --gate deadzone:0.2 --max-rel-l2 1e-6
says err 'check failed: rel L2 error'
one_line

expect 0 bench net.onnx still.avi --json bench.json
says out 'speed-up'
json bench.json "j['reuse'] > 0.99 and j['similarity'] > 0.99 and j['error']['rel_l2'] < 1e-5"
json bench.json "j['dense_ms']['p50'] > 0 and j['speedup'] > 0 and j['error']['f1'] is None"
json bench.json "j['skipping']['every'] >= 2"
expect 0 bench net.onnx good.avi --gate off --json bench.json
json bench.json "j['reuse'] == 0 and j['skipping']['every'] == 1 and j['error']['max_abs'] == 0"
# The oracle on some frames, on all, on none.
for n in 5:2 1:12 0:0; do
    expect 0 verify net.onnx good.avi --gate deadzone:2/255 --oracle-every ${n%:*} --json verify.json
    json verify.json "j.get('oracle', {'frames': 0})['frames'] == ${n#*:}"
done
# Skipping gets no less work than reuse needed.
expect 0 bench net.onnx good.avi --gate deadzone:2/255 --json bench.json
json bench.json "j['skipping']['mac_share'] >= 1 - j['reuse'] and j['skipping']['mac_share'] * j['skipping']['every'] == 1"
