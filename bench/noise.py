#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What a model of the noise and damage rectangles save, and what they cost.

usage: .venv/bin/python bench/noise.py [--build DIR] [--frames N] [PART ...]

PART: real (nanodet on vtest.avi from frame 100 on), still (its frame 100 again and again with
normal noise of sigma 2 and 4 steps), moving (vtest.avi with such noise), damage (a still picture of
which a small square changes, exact gates). All contestants run a frame before the next one begins,
in an order that rotates, on one thread. Times: CPU time of the calling thread, medians, as shares
of our dense run's. The first frames, in which gates settle, are left out. F1 and error (relative
L2 of the worst output): against the dense run of the same, noisy frames.
"""
import argparse
import os
import sys
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import nanodet  # noqa: E402
import reprise  # noqa: E402
from frames import frames  # noqa: E402
from streams import NETWORKS, VIDEO, rel_l2  # noqa: E402

SETTLED = 4
AUTO = 5.0  # RPR_NOISE_AUTO


def load(name, library):
    height, width, shape, scale, offset = NETWORKS[name]
    model = reprise.Model(os.path.join(ROOT, 'demo/models', name + '.onnx'), {None: shape}, library)
    return model, height, width, {'scale': scale, 'offset': offset}


def play(name, model, how, pictures, contestants, damage=None):
    """contestants: (label, gate, options, told). Prints a row for each but the first, the dense one.
    told: the stream is given the damage."""
    streams = [model.stream(gate, **how, **options) for _, gate, options, _ in contestants]
    n = len(streams)
    seconds, work = [[] for _ in streams], np.zeros((n, 2))
    errors, boxes = [[] for _ in streams], [[] for _ in streams]
    for number, picture in enumerate(pictures):
        outputs = [None] * n
        for i in np.roll(np.arange(n), number):
            mask = {'damage': damage} if contestants[i][3] else {}
            start = time.thread_time()
            result = streams[i].run_shared(picture, **mask)
            seconds[i].append(time.thread_time() - start)
            outputs[i] = [o.copy() for o in result]
        if number < SETTLED:
            continue
        for i in range(n):
            stats = streams[i].stats()
            work[i] += stats.macs_executed, stats.macs_dense
            errors[i].append(rel_l2(outputs[i], outputs[0]))
            if name == 'nanodet':
                boxes[i].append(nanodet.decode(outputs[i]))
    dense = np.median(seconds[0][SETTLED:])
    for i in range(1, n):
        f1 = f'{nanodet.f1(boxes[0], boxes[i]):.3f}' if name == 'nanodet' else ''
        print(f'| {name} | {contestants[i][0]} | {work[i][0] / work[i][1]:.2%} '
              f'| {np.median(seconds[i][SETTLED:]) / dense:.3f} | {np.mean(errors[i]):.3f} | {f1} |',
              flush=True)


def against(gate, noises):
    return [('', 'off', {}, False)] + [
        (f'{gate}, noise {"off" if not k else "auto" if k == AUTO else f"{k:g}"}', gate,
         {'noise': k}, False) for k in noises]


def noisy(pictures, sigma):
    random = np.random.default_rng(3)
    return [np.clip(np.rint(p + random.normal(0, sigma, p.shape)), 0, 255).astype(np.uint8)
            for p in pictures]


def real(library, count):
    model, height, width, how = load('nanodet', library)
    pictures = frames(VIDEO, width, height, count or 300, 100)
    for gate in ('deadzone:2/255', 'deadzone:4/255'):
        play('nanodet', model, how, pictures, against(gate, (0.0, AUTO)))


def still(library, count):
    for name in ('nanodet', 'movenet', 'blazeface'):
        model, height, width, how = load(name, library)
        picture = frames(VIDEO, width, height, 1, 100)[0]
        for sigma in (2, 4):
            print(f'sigma {sigma}:')
            play(name, model, how, noisy([picture] * (count or 40), sigma),
                 against('deadzone:4/255', (0.0, 4.0, AUTO)))


def moving(library, count):
    model, height, width, how = load('nanodet', library)
    pictures = frames(VIDEO, width, height, count or 100, 100)
    for sigma in (2, 4):
        print(f'sigma {sigma}:')
        play('nanodet', model, how, noisy(pictures, sigma),
             against('deadzone:4/255', (0.0, 4.0, AUTO, 8.0)))


def damage(library, count):
    for name in ('nanodet', 'ppocr-det'):
        model, height, width, how = load(name, library)
        first = frames(VIDEO, width, height, 1, 100)[0]
        for square in (0, 16):
            pictures = np.repeat(first[None], count or 40, 0)
            random = np.random.default_rng(5)
            pictures[:, 64:64 + square, 64:64 + square] = random.integers(
                0, 256, (len(pictures), square, square, 3))
            print(f'a square of {square} x {square} pixels:')
            play(name, model, how, pictures,
                 [('', 'off', {}, False), ('exact', 'exact', {}, False),
                  ('exact, damage told', 'exact', {}, True)],
                 [(64, 64, square, square)] if square else [])


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parts = {f.__name__: f for f in (real, still, moving, damage)}
    parser.add_argument('--build', default='build', help='build directory')
    parser.add_argument('--frames', type=int, help='of each stream')
    parser.add_argument('part', nargs='*', choices=[[], *parts], metavar='PART')
    args = parser.parse_args()
    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    for part in args.part or parts:
        print(f'{part}: | network | stream | MACs executed | CPU time | error | F1 |')
        parts[part](library, args.frames)
    return 0


if __name__ == '__main__':
    sys.exit(main())
