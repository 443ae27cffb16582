#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The two pictures of doc/time.md, from real speech and the network that hears wake words in it.

usage: .venv/bin/python bench/window_pictures.py [--build DIR] [--sound FILE.wav] [--at SECONDS] [-o DIR]

Needs what `scripts/models.py oww-melspectrogram oww-embedding speech` fetches.
"""
import argparse
import os
import sys
import wave

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import reprise  # noqa: E402

WINDOW, HOP = 76, 8
BLOCK, STEP, RATE = 1760, 1280, 16000  # samples that give HOP mel frames, and from block to block
ZONE = 2 / 255
SHIFTED = 1  # rpr_window_verdict


def mel_frames(library, sound, count):
    """count x 32, as the embedding takes them."""
    model = reprise.Model(os.path.join(ROOT, 'demo/models/oww-melspectrogram.onnx'),
                          {None: (1, BLOCK)}, library)
    stream = model.stream('off')
    blocks = [sound[i * STEP:i * STEP + BLOCK] for i in range(count // HOP + 1)]
    mel = [stream.run(b[None])[0].reshape(-1, 32) for b in blocks]
    return (np.concatenate(mel) / 10 + 2)[:count]


def samples(path, first, count):
    with wave.open(path) as f:
        assert f.getframerate() == RATE and f.getnchannels() == 1 and f.getsampwidth() == 2
        f.setpos(first)
        return np.frombuffer(f.readframes(count), np.int16).astype(np.float32)


def show(axis, values, title, **options):
    axis.imshow(values.T, origin='lower', aspect='auto', interpolation='nearest', **options)
    axis.set_title(title, fontsize=10, loc='left')
    axis.set_ylabel('mel band')
    axis.set_xlim(-0.5, WINDOW - 0.5)


def delta_picture(plt, before, after, path):
    figure, axes = plt.subplots(3, 1, figsize=(7.5, 6), sharex=True)
    changed = np.abs(after - before) > ZONE * np.ptp(before)
    show(axes[0], before, 'a window of 76 mel frames')
    show(axes[1], after, f'the next one, {HOP} frames on')
    show(axes[2], changed, 'in place: changed by more than 2/255 of the range '
         f'({changed.mean():.0%} of the values)', cmap='Greys', vmin=0, vmax=1)
    axes[2].set_xlabel('column of the window')
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def shift_picture(plt, after, layers, path):
    figure, axes = plt.subplots(2, 1, figsize=(7.5, 7.5), height_ratios=[1, 2.4])
    new = np.zeros(after.shape)
    new[-HOP:] = 1
    show(axes[0], new, 'shifted: what is new '
         f'({HOP / WINDOW:.0%} of the values)', cmap='Greys', vmin=0, vmax=1)
    for y, l in enumerate(layers):
        axes[1].barh(y, 1, color='0.88')
        axes[1].barh(y, l.computed / l.columns, left=1 - l.computed / l.columns, color='tab:blue')
        axes[1].text(0.01, y, f'{l.op.decode()}: {l.computed} of {l.columns}', va='center',
                     fontsize=7.5)
    axes[1].invert_yaxis()
    axes[1].set_yticks([])
    axes[1].set_xlim(0, 1)
    axes[1].set_xticks([])
    axes[1].set_title('columns that each layer computes on a call', fontsize=10, loc='left')
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'))
    parser.add_argument('--sound', default=os.path.join(ROOT, 'demo/streams/speech.wav'))
    parser.add_argument('--at', type=float, default=2.0)
    parser.add_argument('-o', '--output', default=os.path.join(ROOT, 'doc'), metavar='DIR')
    args = parser.parse_args()
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    library = reprise.load_library(os.path.join(args.build, 'src/libreprise.so'))
    count = WINDOW + HOP
    sound = samples(args.sound, int(args.at * RATE), (count // HOP + 1) * STEP + BLOCK)
    mel = mel_frames(library, sound, count)
    model = reprise.Model(os.path.join(ROOT, 'demo/models/oww-embedding.onnx'),
                          {None: (1, WINDOW, 32, 1)}, library, window=(1, WINDOW, HOP))
    layers = [l for l in model.window_layers() if l.op in (b'Conv', b'MaxPool')]
    delta_picture(plt, mel[:WINDOW], mel[HOP:], os.path.join(args.output, 'time-delta.png'))
    shift_picture(plt, mel[HOP:], layers, os.path.join(args.output, 'time-shift.png'))
    return 0


if __name__ == '__main__':
    sys.exit(main())
