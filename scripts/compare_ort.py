#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds Reprise's dense run against ONNX Runtime on the same frames, network by network.

usage: .venv/bin/python scripts/compare_ort.py [--build DIR] [--frames N] [NAME...]

The error of an output is its largest difference over the largest value of that output; the bar is
1e-4. Exit status 1 if any output misses it.
"""
import argparse
import os
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import reprise  # noqa: E402
import rivals  # noqa: E402
from frames import frames  # noqa: E402
from streams import NETWORKS  # noqa: E402

BAR = 1e-4
STREET = os.path.join(ROOT, 'demo/streams/vtest.avi')

# A network that finds text says nothing but zeros on a street; this made picture has some.
TEXT = 'lavfi:testsrc2=size=640x640:rate=10'

def compare(name, count, library):
    """Prints one line per output; returns the largest relative error."""
    network = rivals.Network(*NETWORKS[name])
    path = os.path.join(ROOT, 'demo/models', name + '.onnx')
    ort = rivals.OnnxRuntime(path, network)
    stream = reprise.Model(path, {ort.input: network.shape}, library).stream('off')
    names = [o.name for o in ort.session.get_outputs()]
    worst = [[0.0, 0.0, 0.0] for _ in names]
    video = TEXT if name == 'ppocr-det' else STREET
    for picture in frames(video, network.width, network.height, count, 100):
        x = ort.prepare(picture)
        for w, theirs, ours in zip(worst, ort.run(x), stream.run(x[ort.input])):
            difference = float(np.abs(theirs - ours).max())
            largest = float(np.abs(theirs).max())
            w[:] = max(w[0], difference), max(w[1], difference / largest), max(w[2], largest)
            if not np.isfinite(ours).all() or theirs.shape != ours.shape:
                w[1] = float('inf')
    for output, w in zip(names, worst):
        print(f'{name:10} {output[:24]:24} {w[0]:10.2e} {w[2]:10.3g} {w[1]:10.2e}  '
              f'{"ok" if w[1] <= BAR else "OVER THE BAR"}', flush=True)
    return max(w[1] for w in worst)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help=f'of {", ".join(NETWORKS)}')
    parser.add_argument('--build', default='build', help='build directory')
    parser.add_argument('--frames', type=int, default=5)
    args = parser.parse_args()
    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    print(f'ONNX Runtime {rivals.OnnxRuntime.version()} against Reprise, {reprise.isa(library)}, '
          f'{args.frames} frames')
    print(f'{"network":10} {"output":24} {"max abs":>10} {"largest":>10} {"relative":>10}')
    failed = 0
    for name in args.names or NETWORKS:
        if name not in NETWORKS:
            parser.error(f'{name}: not one of {", ".join(NETWORKS)}')
        try:
            failed += compare(name, args.frames, library) > BAR
        except reprise.Error as e:
            print(f'{name:10} {e}')
            failed += 1
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
