#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Our features (audio/) beside those of kaldi-native-fbank and librosa on the same samples.

usage: scripts/venv.sh features; .venv-features/bin/python scripts/compare_features.py [--build DIR]

Signals: speech of Debian's pocketsphinx-testdata if scripts/models.py has fetched it, white noise
with pauses, a sweep, and digital silence. A line per comparison: frames x values, the largest
difference, and that as a share of the values' standard deviation; ok if it is at most 1e-3, or 1e-3
of the standard deviation where that is more than 1. Exit status 1 if it is not.

Kaldi-native-fbank computes in single precision, so where a tone stands far above the rest of a
frame it is the one that is off. The first comparison is with the definition, in double precision.
"""
import argparse
import os
import subprocess
import sys
import wave

import kaldi_native_fbank as knf
import librosa
import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RATE = 16000
LIMIT = 1e-3


def signals():
    rng = np.random.default_rng(3)
    t = np.arange(3 * RATE) / RATE
    noise = rng.standard_normal(3 * RATE) * 0.1
    noise[RATE // 2:RATE] *= 1e-3
    sweep = 0.5 * np.sin(2 * np.pi * (50 * t + 1200 * t * t))
    # 20 dB above the noise, for the sake of single precision; `clean` has none.
    sweep += 0.05 * rng.standard_normal(len(t))
    found = {'noise': noise, 'sweep': sweep,
             'clean': 0.5 * np.sin(2 * np.pi * 1234 * t), 'silence': np.zeros(RATE), 'short': noise[:401], 'one': noise[:1]}
    path = os.path.join(ROOT, 'demo', 'streams', 'speech.wav')
    if os.path.exists(path):
        with wave.open(path) as f:
            assert f.getframerate() == RATE and f.getnchannels() == 1
            found['speech'] = np.frombuffer(f.readframes(f.getnframes()), '<i2') / 32768
    return {name: x.astype(np.float32) for name, x in found.items()}


def ours(program, x, features, rate=RATE, width=None):
    out = subprocess.run([program, str(rate), features], input=x.tobytes(), stdout=subprocess.PIPE,
                         check=True).stdout
    return np.frombuffer(out, np.float32).reshape(-1, width)


# ------------------------------------------------------------------- the others


def kaldi(kind, x, count, **options):
    o = knf.FbankOptions() if kind == 'fbank' else knf.MfccOptions()
    o.frame_opts.dither = 0
    o.frame_opts.samp_freq = options.pop('rate', RATE)
    for key, value in options.items():
        target = o
        *path, last = key.split('__')
        for part in path:
            target = getattr(target, part)
        setattr(target, last, value)
    if kind == 'fbank':
        o.mel_opts.num_bins = count
    else:
        o.num_ceps = count
        o.mel_opts.num_bins = max(23, count)
    f = (knf.OnlineFbank if kind == 'fbank' else knf.OnlineMfcc)(o)
    f.accept_waveform(o.frame_opts.samp_freq, (x * 32768).tolist())
    f.input_finished()
    frames = [f.get_frame(i) for i in range(f.num_frames_ready)]
    return np.array(frames, np.float32) if frames else np.empty((0, o.mel_opts.num_bins), np.float32)


def kaldi_double(x, mels):
    """kaldi-fbank by its definition, in double precision and from nobody's library."""
    x = x.astype(np.float64) * 32768
    mel = 1127 * np.log(1 + np.arange(257) * RATE / 512 / 700)
    low, high = (1127 * np.log(1 + f / 700) for f in (20, RATE / 2))
    step = (high - low) / (mels + 1)
    left = low + np.arange(mels)[:, None] * step
    bank = np.maximum(0, np.minimum((mel - left) / step, (left + 2 * step - mel) / step))
    window = (0.5 - 0.5 * np.cos(2 * np.pi * np.arange(400) / 399)) ** 0.85
    frames = np.array([x[i:i + 400] for i in range(0, len(x) - 399, 160)]).reshape(-1, 400)
    frames = frames - frames.mean(1, keepdims=True)
    frames -= 0.97 * np.hstack([frames[:, :1], frames[:, :-1]])
    power = np.abs(np.fft.rfft(frames * window, 512)) ** 2
    return np.log(np.maximum(power @ bank.T, np.finfo(np.float32).eps))


def logmel(x, mels, rate=RATE, length=0.025, hop=0.01, fft=512, **options):
    power = librosa.feature.melspectrogram(
        y=x, sr=rate, n_fft=fft, win_length=round(length * rate), hop_length=round(hop * rate),
        n_mels=mels, center=True, pad_mode='constant', **options)
    return librosa.power_to_db(power, ref=1.0, amin=1e-10, top_db=None).T


def mfcc(x, count, **options):
    return librosa.feature.mfcc(S=logmel(x, 40, **options).T, n_mfcc=count).T


def deltas(base):
    """As in Kaldi's add-deltas: first and second order over 2 frames, edges repeated."""
    first = np.array([-2, -1, 0, 1, 2]) / 10
    second = np.convolve(first, first)
    if not len(base):
        return base
    padded = np.pad(base, ((4, 4), (0, 0)), 'edge')

    def apply(scale):
        reach = len(scale) // 2
        return sum(w * padded[4 + j:len(padded) - 4 + j] for j, w in
                   zip(range(-reach, reach + 1), scale))
    return np.hstack([base, apply(first), apply(second)])


def splice(base, left, right):
    if not len(base):
        return base
    padded = np.pad(base, ((left, right), (0, 0)), 'edge')
    return np.hstack([padded[i:i + len(base)] for i in range(left + right + 1)])


def cmvn(base, window, variance):
    out = np.empty_like(base, np.float64)
    for t in range(len(base)):
        w = base[max(0, t - window + 1):t + 1].astype(np.float64)
        out[t] = base[t] - w.mean(0)
        if variance:
            out[t] = out[t] / np.sqrt(np.maximum(w.var(0), 1e-10)) if len(w) > 1 else 0
    return out


CASES = [
    ('kaldi-fbank:80', 'numpy, double precision', lambda x: kaldi_double(x, 80)),
    ('kaldi-fbank:40', 'kaldi-native-fbank', lambda x: kaldi('fbank', x, 40)),
    ('kaldi-fbank:80', 'kaldi-native-fbank', lambda x: kaldi('fbank', x, 80)),
    ('kaldi-fbank:23,window:hamming,preemphasis:0,low:64,high:-400', 'kaldi-native-fbank',
     lambda x: kaldi('fbank', x, 23, frame_opts__window_type='hamming',
                     frame_opts__preemph_coeff=0.0, mel_opts__low_freq=64.0,
                     mel_opts__high_freq=-400.0)),
    ('kaldi-fbank:40,window:rectangular,length:20,hop:5', 'kaldi-native-fbank',
     lambda x: kaldi('fbank', x, 40, frame_opts__window_type='rectangular',
                     frame_opts__frame_length_ms=20.0, frame_opts__frame_shift_ms=5.0)),
    ('kaldi-fbank:40,window:hann,energy:1', 'kaldi-native-fbank',
     lambda x: kaldi('fbank', x, 40, frame_opts__window_type='hanning', use_energy=True)),
    ('kaldi-fbank:40,energy:2', 'kaldi-native-fbank',
     lambda x: kaldi('fbank', x, 40, use_energy=True, raw_energy=False)),
    ('kaldi-mfcc:13', 'kaldi-native-fbank', lambda x: kaldi('mfcc', x, 13)),
    ('kaldi-mfcc:40,energy:0', 'kaldi-native-fbank',
     lambda x: kaldi('mfcc', x, 40, use_energy=False)),
    ('logmel:40', 'librosa', lambda x: logmel(x, 40)),
    ('logmel:64,length:64,hop:16,fft:1024,low:60,high:7600', 'librosa',
     lambda x: logmel(x, 64, length=0.064, hop=0.016, fft=1024, fmin=60, fmax=7600)),
    ('logmel:40,fft:400', 'librosa', lambda x: logmel(x, 40, fft=400)),
    ('logmel:32,window:hamming', 'librosa', lambda x: logmel(x, 32, window='hamming')),
    ('mfcc:20', 'librosa', lambda x: mfcc(x, 20)),
    ('kaldi-mfcc:13,deltas:2', 'kaldi-native-fbank, numpy',
     lambda x: deltas(kaldi('mfcc', x, 13))),
    ('kaldi-fbank:40,left:4,right:4', 'kaldi-native-fbank, numpy',
     lambda x: splice(kaldi('fbank', x, 40), 4, 4)),
    ('kaldi-fbank:40,cmvn:100', 'kaldi-native-fbank, numpy',
     lambda x: cmvn(kaldi('fbank', x, 40), 100, False)),
    ('kaldi-fbank:40,cmvn:100,cmvn-variance:1', 'kaldi-native-fbank, numpy',
     lambda x: cmvn(kaldi('fbank', x, 40), 100, True)),
    ('kaldi-mfcc:13,cmvn:300,deltas:2,left:5,right:5', 'kaldi-native-fbank, numpy',
     lambda x: splice(deltas(cmvn(kaldi('mfcc', x, 13), 300, False)), 5, 5)),
    ('logmel:40,deltas:1', 'librosa',
     lambda x: np.hstack([logmel(x, 40), librosa.feature.delta(
         logmel(x, 40), width=5, mode='nearest', axis=0)])),
]


def compare(program, name, x, features, rival, reference):
    expected = reference(x)
    if expected.size == 0:
        got = ours(program, x, features, width=1)
        good = got.size == 0
        print(f'{features:55} {name:8} no frames on {"either" if good else "ONE"} side')
        return good
    got = ours(program, x, features, width=expected.shape[1])
    if got.shape != expected.shape:
        print(f'{features:55} {name:8} {got.shape} frames x values, {rival} has {expected.shape}')
        return False
    worst = np.abs(got - expected).max()
    spread = expected.std()
    good = worst <= LIMIT * max(1, spread)
    print(f'{features:55} {name:8} {got.shape[0]:5} x {got.shape[1]:4}  {worst:.2e} '
          f'{worst / spread if spread > 1e-3 else np.nan:8.2e}  {"ok" if good else "TOO FAR"}')
    return good


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--build', default='build')
    program = os.path.join(parser.parse_args().build, 'tests', 'audio', 'dump')
    good = True
    for features, rival, reference in CASES:
        print(f'-- {rival}')
        for name, x in signals().items():
            if name == 'clean' and 'double' not in rival:
                continue
            good &= compare(program, name, x, features, rival, reference)
    return 0 if good else 1


if __name__ == '__main__':
    sys.exit(main())
