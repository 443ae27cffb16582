#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What reuse saves, and what it costs, by network and by kind of stream: good and bad cases.

usage: .venv/bin/python bench/streams.py [--build DIR] [--frames N] [--gate G] [-o FILE]

For every network and stream our dense run and one gate run frame by frame in turn, on one thread.
Error: relative L2 of the worst output. Beside it the error of frame skipping at the same compute:
the dense outputs of every k-th frame held, k being the MAC share's inverse, rounded down.
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
from report import publish  # noqa: E402

# name: (height, width, shape of the input, scale, offset); the input is u8 * scale + offset
NETWORKS = {
    'nanodet': (416, 416, (1, 3, 416, 416), 1 / 255, 0.0),
    'blazeface': (128, 128, (1, 128, 128, 3), 1 / 127.5, -1.0),
    'selfie': (256, 256, (1, 3, 256, 256), 1 / 255, 0.0),
    'movenet': (192, 192, (1, 3, 192, 192), 1.0, 0.0),
    'ppocr-det': (640, 640, (1, 3, 640, 640), 2 / 255, -1.0),
}
VIDEO = os.path.join(ROOT, 'demo/streams/vtest.avi')


def noise(height, width, count):
    return np.random.default_rng(1).integers(0, 256, (count, height, width, 3), np.uint8)


STREAMS = {
    'street camera (vtest.avi)': lambda h, w, n: frames(VIDEO, w, h, n, 100),
    'the same frame again': lambda h, w, n: np.repeat(frames(VIDEO, w, h, 1, 100), n, 0),
    'test card, small parts move': lambda h, w, n: frames('lavfi:testsrc2=640x480', w, h, n),
    'moving camera (fractal zoom)': lambda h, w, n: frames('lavfi:mandelbrot=640x480', w, h, n),
    'white noise': noise,
}


def rel_l2(outputs, reference):
    return max(float(np.linalg.norm(o - r) / (np.linalg.norm(r) + 1e-30))
               for o, r in zip(outputs, reference))


def timed(stream, picture):
    start = time.perf_counter()
    outputs = stream.run_shared(picture)
    return (time.perf_counter() - start) * 1e3, [o.copy() for o in outputs]


def measure(model, pictures, gate, scale, offset):
    """Dense and gated milliseconds, MAC share, our error and that of frame skipping."""
    streams = [model.stream(g, scale=scale, offset=offset) for g in ('off', gate)]
    ms, errors, dense_outputs, executed, dense = ([], []), [], [], 0, 0
    for number, picture in enumerate(pictures):
        results = [None, None]
        for i in ((0, 1) if number % 2 else (1, 0)):
            results[i] = timed(streams[i], picture)
        dense_outputs.append(results[0][1])
        if number == 0:
            continue
        for i in (0, 1):
            ms[i].append(results[i][0])
        errors.append(rel_l2(results[1][1], results[0][1]))
        stats = streams[1].stats()
        executed, dense = executed + stats.macs_executed, dense + stats.macs_dense
    share = executed / dense
    every = max(1, min(int(1 / share) if share > 0 else len(pictures), len(pictures)))
    skipped = [rel_l2(dense_outputs[i // every * every], o) for i, o in enumerate(dense_outputs)]
    return (np.median(ms[0]), np.median(ms[1]), share, np.mean(errors), np.mean(skipped[1:]),
            every)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default='build', help='build directory')
    parser.add_argument('--frames', type=int, default=40)
    parser.add_argument('--gate', default='deadzone:2/255')
    parser.add_argument('-o', '--output', help='markdown file; the table is printed as well')
    args = parser.parse_args()
    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    lines = [f'Gate {args.gate}, {args.frames} frames each, one thread, {reprise.isa(library)}.', '',
             '| network | stream | dense ms | reuse ms | speed-up | MACs executed | error '
             '| error of frame skipping (every k-th) |', '|---|---|---|---|---|---|---|---|']
    for name, (height, width, shape, scale, offset) in NETWORKS.items():
        path = os.path.join(ROOT, 'demo/models', name + '.onnx')
        model = reprise.Model(path, {None: shape}, library)
        for stream, make in STREAMS.items():
            dense, ours, share, error, skipped, every = measure(
                model, make(height, width, args.frames), args.gate, scale, offset)
            lines.append(f'| {name} | {stream} | {dense:.2f} | {ours:.2f} | {dense / ours:.2f} '
                         f'| {share:.1%} | {error:.1e} | {skipped:.1e} ({every}) |')
            print(lines[-1], file=sys.stderr, flush=True)
    publish('\n'.join(lines) + '\n', args.output)
    return 0


if __name__ == '__main__':
    sys.exit(main())
