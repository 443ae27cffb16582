#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What the dearest frame of a stream costs, in dense runs: by the cost model and by the clock.

usage: .venv/bin/python bench/dearest.py [--build DIR] [--networks A,B] [--streams A,B] [--gate G]
           [--frames N] [--repeats N] [-o FILE]

Each stream is run so many times, frame by frame in turn with a dense run; of every frame the least
processor time counts, over the median of the dense run's. First frames stand in a column of their own.
"""
import argparse
import os
import sys
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import reprise  # noqa: E402
from budget import CARD, SEGMENTS, STREAMS, changing_stream  # noqa: E402
from frames import frames  # noqa: E402
from report import publish  # noqa: E402
from streams import NETWORKS, noise  # noqa: E402


def changing(network, height, width, count):
    """The frames around each change of bench/budget.py's stream: as many of every part."""
    film, part, first, picked = changing_stream(network), max(count // len(SEGMENTS), 1), 0, []
    for length in SEGMENTS.values():
        picked += film[first:first + min(part, length)]
        first += length
    return picked


def pan(network, height, width, count):
    """One picture, by two pixels a frame."""
    wide = frames(os.path.join(STREAMS, 'vtest.avi'), 2 * width, height, 1, 300)[0]
    return [wide[:, 2 * i:2 * i + width] for i in range(min(count, width // 2))]


def film(name, first, most):
    return lambda network, height, width, count: frames(os.path.join(STREAMS, name), width, height,
                                                        min(count, most), first)


MAKERS = {'change': changing,
          'street': film('vtest.avi', 400, 395),
          'cup': film('cup.mp4', 100, 117),
          'cube': film('cube.y4m', 0, 218),
          'card': lambda network, h, w, count: frames(CARD, w, h, count, 200),
          'noise': lambda network, h, w, count: list(noise(h, w, count)),
          'pan': pan}


def measure(model, network, pictures, gate, repeats):
    """(costs by the model, times) of every frame, in dense runs."""
    scale, offset = NETWORKS[network][3:]
    ours, dense, costs = [], [], []
    for _ in range(repeats):
        reuse = model.stream(gate, scale=scale, offset=offset)
        plain = model.stream('off', scale=scale, offset=offset)
        ours.append([])
        dense.append([])
        costs = []
        for picture in pictures:
            start = time.thread_time()
            plain.run_shared(picture)
            between = time.thread_time()
            reuse.run_shared(picture)
            ours[-1].append(time.thread_time() - between)
            dense[-1].append(between - start)
            stats = reuse.stats()
            costs.append(stats.cost / stats.cost_dense)
    return np.array(costs), np.min(ours, 0) / np.median(np.min(dense, 0))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default='build', help='build directory')
    parser.add_argument('--networks', default='blazeface,selfie,movenet,nanodet')
    parser.add_argument('--streams', default=','.join(MAKERS))
    parser.add_argument('--gate', default='deadzone:4/255')
    parser.add_argument('--frames', type=int, default=150)
    parser.add_argument('--repeats', type=int, default=5)
    parser.add_argument('-o', '--output', help='markdown file; the table is printed as well')
    args = parser.parse_args()
    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    lines = ['| network | stream | dearest frame: model | clock | mean: model | clock '
             '| first frame: model | clock |', '|' + '---|' * 8]
    for network in args.networks.split(','):
        height, width, shape = NETWORKS[network][:3]
        model = reprise.Model(os.path.join(ROOT, f'demo/models/{network}.onnx'), {None: shape},
                              library)
        for stream in args.streams.split(','):
            pictures = [np.ascontiguousarray(p) for p in
                        MAKERS[stream](network, height, width, args.frames)]
            cost, clock = measure(model, network, pictures, args.gate, args.repeats)
            lines.append(f'| {network} | {stream} | {cost[1:].max():.2f} | {clock[1:].max():.2f} '
                         f'| {cost[1:].mean():.2f} | {clock[1:].mean():.2f} '
                         f'| {cost[0]:.2f} | {clock[0]:.2f} |')
            print(lines[-1], file=sys.stderr, flush=True)
    publish('\n'.join(lines) + '\n', args.output)
    return 0


if __name__ == '__main__':
    sys.exit(main())
