# SPDX-License-Identifier: Apache-2.0
# Sound: samples and features as blocks, other inputs that --set gives, and what is refused.
/usr/bin/python3 - <<'END'
import struct
import wave

import numpy as np

x = (np.arange(1000) * 37 % 2001 - 1000).astype("<i2")
with wave.open("saw.wav", "wb") as f:
    f.setparams((1, 2, 16000, 0, "NONE", ""))
    f.writeframes(x.tobytes())
x.tofile("saw.raw")
with wave.open("short.wav", "wb") as f:
    f.setparams((1, 2, 16000, 0, "NONE", ""))
    f.writeframes(x[:399].tobytes())
with wave.open("none.wav", "wb") as f:
    f.setparams((1, 2, 16000, 0, "NONE", ""))
open("halved.wav", "wb").write(open("saw.wav", "rb").read()[:1044])
y = np.zeros(2000, "<f4")
y[1234] = np.nan
y.tofile("nan_sound.f32")
END
blocks() { # blocks FOLDER EXPRESSION: true of the outputs y, stacked, and of np
    tests=$((tests + 1))
    /usr/bin/python3 -c "
import glob
import numpy as np
y = np.concatenate([np.load(f) for f in sorted(glob.glob('$1/*_y.npy'))])
x = (np.arange(1000) * 37 % 2001 - 1000) / 32768
assert $2, y.shape" 2>/dev/null || wrong "$1: not true: $2"
}

# Samples: all new; with some of before; through a pipe; raw.
expect 0 run block.onnx saw.wav --out whole
says out 'saw.wav: 13 blocks of 80 samples, every 5 ms'
blocks whole 'y.shape == (13, 80) and (y.ravel()[:1000] == 2 * x).all() and (y[12, 40:] == 0).all()'
expect 0 run block.onnx saw.wav --context 30 --out lap
says out '20 blocks of 50 samples after 30 of before'
blocks lap '(y[0, :30] == 0).all() and (y[1:, :30] == y[:-1, 50:]).all()'
blocks lap '(y[:, 30:].ravel() == 2 * x).all()'
expect 0 run block.onnx saw.wav --hop 50 --context 30 --skip 3 --frames 2 --out part
blocks part '(y.shape == (2, 80)) and (y[:, 30:].ravel() == 2 * x[150:250]).all()'
stdin=saw.wav
expect 0 run block.onnx - --out piped
blocks piped '(y.ravel()[:1000] == 2 * x).all()'
unset stdin
expect 0 run block.onnx rawaudio:16000:s16le:saw.raw --gain 32768 --out raw
blocks raw '(y.ravel()[:1000] == 65536 * x).all()'
expect 0 run block.onnx saw.wav --rate 8000 --out slow
blocks slow 'y.shape == (7, 80)'

# Features: frame after frame and feature after feature; the pieces fit together.
expect 0 run frames.onnx tone.wav --rate 16000 --features kaldi-fbank:40 --out f10
says out '10 blocks of 10 kaldi-fbank:40, every 100 ms'
expect 0 run frames.onnx tone.wav --features kaldi-fbank --hop 1 --out f1
blocks f10 'y.shape == (10, 10, 40) and (y[9, 8:] == y[9, 7]).all()'
cp -r f1 both
tests=$((tests + 1))
/usr/bin/python3 -c "
import glob
import numpy as np
a, b = (np.concatenate([np.load(f) for f in sorted(glob.glob(d + '/*.npy'))]) for d in ('f1', 'f10'))
assert len(a) == 98 and (a[:, 9] == b.reshape(100, 40)[:98]).all() and (a[0] == a[0, 9]).all()
" || wrong 'hops of 1 and of 10 differ'
expect 0 run across.onnx tone.wav --features logmel:40 --out across
blocks across 'y.shape == (17, 40, 6) and y.std() > 1'
expect 0 run frames.onnx tone.wav --features kaldi-mfcc:20,deltas:1,cmvn:50
says out '10 blocks of 10 kaldi-mfcc:20,deltas:1,cmvn:50, every 100 ms'
for command in bench verify; do
    expect 0 $command block.onnx saw.wav --gate exact --json s.json
    json s.json "j['sound'] == {'rate': 16000, 'hop': 80, 'context': 0, 'features': None}"
    json s.json "j['frames'] == 13 and j['error']['max_abs'] == 0"
done
expect 0 calibrate block.onnx saw.wav --budget 0.01 -o sound_plan.json
expect 0 run block.onnx saw.wav --plan sound_plan.json
expect 0 run block.onnx saw.wav --audit 2

# Other inputs.
expect 0 run rated.onnx saw.wav --set sr=3 --out rated
blocks rated 'np.allclose(y.ravel()[:1000], 6 * x)'
expect 0 calibrate rated.onnx saw.wav --set sr=3 --budget 0.01 -o rated_plan.json
refuses 4 'has 2 inputs; frames can feed only one, --set or --carry the others' \
    run rated.onnx saw.wav
refuses 2 '--set sr: should be INPUT=16000' run rated.onnx saw.wav --set sr
refuses 2 '--set =3: should be INPUT=16000' run rated.onnx saw.wav --set =3

# Bad options and inputs.
refuses 2 '--rate 0: should be samples a second, from 100 to 768000' run block.onnx saw.wav --rate 0
refuses 2 '--hop 0: should be' run block.onnx saw.wav --hop 0
refuses 2 '--context -1: should be' run block.onnx saw.wav --context -1
refuses 2 '--gain 0: should be' run block.onnx saw.wav --gain 0
refuses 2 'takes 80 samples in a call' run block.onnx saw.wav --hop 50 --context 31
refuses 2 'takes 80 samples in a call' run block.onnx saw.wav --hop 81
refuses 2 'takes 80 samples in a call' run block.onnx saw.wav --context 80
refuses 2 'does not hold frames of 39 features' run frames.onnx saw.wav --features mfcc:39
refuses 2 'such as --features logmel:40' run frames.onnx saw.wav
for features in cepstra:3 logmel:x logmel:40,up:3 ''; do
    refuses 2 "--features $features: should be" run frames.onnx saw.wav --features "$features"
done
refuses 2 'low and high' run frames.onnx saw.wav --features logmel:40,low:9000
refuses 2 '--gain is for samples' run frames.onnx saw.wav --features logmel:40 --gain 3
refuses 2 '--overlay is for pictures' run block.onnx saw.wav --overlay a.mp4
refuses 2 '--ignore is for pictures' run block.onnx saw.wav --ignore 1,1,1,1
refuses 2 '--range is for pictures' run block.onnx saw.wav --range 0..1
refuses 4 'input x (1x3x32x32) is neither a picture nor sound' run net.onnx saw.wav --rate 16000
refuses 3 'short.wav: is too short for a frame of features' \
    run frames.onnx short.wav --features kaldi-fbank
refuses 3 'missing.wav: cannot be opened' run block.onnx missing.wav
refuses 3 'none.wav: has no samples' run block.onnx none.wav
refuses 3 'empty.mp4: is empty' run block.onnx empty.mp4
refuses 3 'letter.avi: is not audio' run block.onnx letter.avi
refuses 3 'saw.wav: has only 13 blocks, all of them skipped' run block.onnx saw.wav --skip 13
refuses 3 'none.wav: has no samples' run frames.onnx none.wav --features logmel
stdin=letter.avi
refuses 3 'stdin: is not a wav stream' run block.onnx -
unset stdin
for command in run bench verify; do
    expect 3 $command block.onnx halved.wav
    says err 'halved.wav: ends early: 500 of 1000 samples could be read'
    one_line
    says out 'similarity'
    expect 3 $command block.onnx rawaudio:16000:f32le:nan_sound.f32
    says err 'sample 1234 (second 0.077) is NaN or infinite'
    one_line
done
