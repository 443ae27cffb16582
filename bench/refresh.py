#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Scene cuts and refresh: what the dearest frame costs, and what error is left.

usage: .venv/bin/python bench/refresh.py [--build DIR] [--networks A,B] [--gate G]
           [--repeats N] [--ranges | --first]

A stream with the gate and a dense one run frame by frame in turn, on one thread, several times;
the least CPU time of each frame, as a share of the dense stream's median. Columns: cuts found,
others taken for one, median cost at cuts, most on a frame that refreshes and on any, mean, MACs,
error at cuts and on all frames. Error: relative L2 of the worst output, by the sums
over the frames. --ranges: keeping the ranges at a cut against profiling them anew, in its place.
--first: what a stream's first frame costs, in its place.
"""
import argparse
import os
import sys
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import reprise  # noqa: E402
from frames import frames  # noqa: E402
from streams import NETWORKS, noise  # noqa: E402

STREAMS = os.path.join(ROOT, 'demo/streams')
SCENE = 12  # frames between two cuts
ASKED = 20  # frames between two sweeps that are asked for


def film(name, height, width, count, skip):
    return frames(os.path.join(STREAMS, name), width, height, count, skip)


def pan(height, width, count):
    wide = film('vtest.avi', 2 * height, 2 * width, 1, 100)[0][100:100 + height]
    still = np.repeat(wide[None, :, :width], 5, 0)
    left = [width - abs(4 * i % (2 * width) - width) for i in range(count - 5)]
    return np.concatenate([still] + [wide[None, :, x:x + width] for x in left])


def fade(pictures):
    light = 1 - 0.6 * np.abs(np.sin(np.arange(len(pictures)) / 10))
    return (pictures * light[:, None, None, None]).astype(np.uint8)


def scenes(height, width):
    """Name: frames, and those at which a cut was planted."""
    a, b = film('vtest.avi', height, width, 120, 100), film('cup.mp4', height, width, 60, 100)
    c = film('cube.y4m', height, width, 60, 60)
    cuts = np.concatenate([x[i * SCENE:(i + 1) * SCENE] for i in range(3) for x in (a, b, c)])
    return {
        'street': (a, []),
        'street, cup, cube in turn': (cuts, list(range(SCENE, len(cuts), SCENE))),
        'fading light': (fade(a[:60]), []),
        'pan of 4 pixels a frame': (pan(height, width, 60), []),
        'noise after 10 frames': (np.concatenate([a[:10], noise(height, width, 50)]), [10]),
    }


def play(model, pictures, offset, asked=0, **options):
    """CPU ms of both, error by frame and output, statistics by frame."""
    gated, dense = model.stream(**options, **offset), model.stream('off', **offset)
    ms, error, stats = [], [], []
    for i, picture in enumerate(pictures):
        if asked and i and i % asked == 0:
            gated.refresh()
        start = time.thread_time()
        ours = gated.run_shared(picture)
        middle = time.thread_time()
        theirs = dense.run_shared(picture)
        ms.append(((middle - start) * 1e3, (time.thread_time() - middle) * 1e3))
        error.append([(np.linalg.norm(x - y), np.linalg.norm(y)) for x, y in zip(ours, theirs)])
        stats.append(gated.stats())
    return np.array(ms), np.array(error), stats


def play_all(repeats, *args, **options):
    runs = [play(*args, **options) for _ in range(repeats)]
    return np.min([ms for ms, _, _ in runs], 0), runs[0][1], runs[0][2]


def rel_l2(error):
    total = error.sum(0)
    return float((total[:, 0] / (total[:, 1] + 1e-30)).max())


def report(name, stream, planted, ms, error, stats):
    cost = ms[:, 0] / np.median(ms[:, 1])
    cuts = [i for i, s in enumerate(stats) if s.cut]
    macs = sum(s.macs_executed for s in stats[1:]) / sum(s.macs_dense for s in stats[1:])
    swept = [c for c, s in zip(cost, stats) if s.refreshed > 0]
    print(f'| {name} | {stream} | {len(set(cuts) & set(planted))} of {len(planted)} | '
          f'{len(set(cuts) - set(planted))} | {np.median(cost[cuts]) if cuts else float("nan"):.2f} | '
          f'{max(swept, default=float("nan")):.2f} | {cost[1:].max():.2f} | {cost[1:].mean():.2f} | '
          f'{macs:.3f} | {rel_l2(error[cuts]) if cuts else float("nan"):.1g} | '
          f'{rel_l2(error):.3f} |', flush=True)


def ranges(name, model, height, width, offset, gate):
    """Another light from frame 10 on: keeping the ranges, and profiling them anew there."""
    day = film('vtest.avi', height, width, 50, 100)
    night = (day // 5).astype(np.uint8)
    for label, first, then in (('day, then night', day, night), ('night, then day', night, day)):
        for anew in (False, True):
            stream, dense = model.stream(gate, **offset), model.stream('off', **offset)
            error, macs = [], []
            for i in range(50):
                if anew and i == 10:
                    stream.reset()
                picture = (first if i < 10 else then)[i]
                ours, theirs = stream.run_shared(picture), dense.run_shared(picture)
                if i > 10:
                    error.append([(np.linalg.norm(x - y), np.linalg.norm(y))
                                  for x, y in zip(ours, theirs)])
                    macs.append(stream.stats().macs_executed / stream.stats().macs_dense)
            print(f'| {name} | {label} | {"anew" if anew else "kept"} | {np.mean(macs):.3f} | '
                  f'{rel_l2(np.array(error)):.3f} |', flush=True)


def first(name, model, picture, offset, gate, repeats):
    """The least CPU time of a first frame, in those of a dense run."""
    dense, least = model.stream('off', **offset), [1e9, 1e9]
    for _ in range(repeats):
        stream = model.stream(gate, **offset)
        for k, s in enumerate((stream, dense, dense)):
            begin = time.thread_time()
            s.run_shared(picture)
            least[k > 0] = min(least[k > 0], time.thread_time() - begin)
    print(f'| {name} | {least[0] / least[1]:.1f} |', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n')[0])
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'))
    parser.add_argument('--networks', default='nanodet,movenet')
    parser.add_argument('--gate', default='deadzone:4/255')
    parser.add_argument('--repeats', type=int, default=3)
    parser.add_argument('--ranges', action='store_true')
    parser.add_argument('--first', action='store_true')
    args = parser.parse_args()
    library = reprise.load_library(os.path.join(args.build, 'src/libreprise.so'))
    for name in args.networks.split(','):
        height, width, shape, scale, shift = NETWORKS[name]
        path = os.path.join(ROOT, 'demo/models', name + '.onnx')
        model, offset = reprise.Model(path, {None: shape}, library), dict(scale=scale, offset=shift)
        if args.first:
            first(name, model, film('vtest.avi', height, width, 1, 100)[0], offset, args.gate,
                  args.repeats)
            continue
        if args.ranges:
            ranges(name, model, height, width, offset, args.gate)
            continue
        for stream, (pictures, planted) in scenes(height, width).items():
            report(name, stream, planted, *play_all(args.repeats, model, pictures, offset,
                                                   gate=args.gate))
        street = scenes(height, width)['street'][0]
        for label, options in (('never', dict(refresh=0)), ('every 32', dict(refresh=32)),
                               ('asked every 20', dict(refresh=0, asked=ASKED))):
            report(name, 'street, refresh ' + label, [],
                   *play_all(args.repeats, model, street, offset, gate=args.gate, **options))


if __name__ == '__main__':
    main()
