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
import onnxruntime

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import reprise  # noqa: E402
from frames import frames  # noqa: E402

BAR = 1e-4
STREET = os.path.join(ROOT, 'demo/streams/vtest.avi')

# A network that finds text says nothing but zeros on a street; this made picture has some.
TEXT = 'lavfi:testsrc2=size=640x640:rate=10'

# name: (stream, height, width, shape of the input, scale, offset); the input is u8 * scale + offset
NETWORKS = {
    'nanodet': (STREET, 416, 416, (1, 3, 416, 416), 1 / 255, 0.0),
    'blazeface': (STREET, 128, 128, (1, 128, 128, 3), 1 / 127.5, -1.0),
    'selfie': (STREET, 256, 256, (1, 3, 256, 256), 1 / 255, 0.0),
    'movenet': (STREET, 192, 192, (1, 3, 192, 192), 1.0, 0.0),
    'ppocr-det': (TEXT, 640, 640, (1, 3, 640, 640), 2 / 255, -1.0),
}


def tensor(picture, shape, scale, offset):
    x = picture.astype(np.float32) * np.float32(scale) + np.float32(offset)
    if shape[1] == 3:
        x = x.transpose(2, 0, 1)
    return np.ascontiguousarray(x[None])


def compare(name, count, library):
    """Prints one line per output; returns the largest relative error."""
    video, height, width, shape, scale, offset = NETWORKS[name]
    path = os.path.join(ROOT, 'demo/models', name + '.onnx')
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    options.log_severity_level = 3  # errors: the files hold unused constants
    session = onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])
    input_name = session.get_inputs()[0].name
    stream = reprise.Model(path, {input_name: shape}, library).stream('off')
    worst = [[0.0, 0.0, 0.0] for _ in session.get_outputs()]
    for picture in frames(video, width, height, count, 100):
        x = tensor(picture, shape, scale, offset)
        for w, theirs, ours in zip(worst, session.run(None, {input_name: x}), stream.run(x)):
            difference = float(np.abs(theirs - ours).max())
            largest = float(np.abs(theirs).max())
            w[:] = max(w[0], difference), max(w[1], difference / largest), max(w[2], largest)
            if not np.isfinite(ours).all() or theirs.shape != ours.shape:
                w[1] = float('inf')
    for output, w in zip(session.get_outputs(), worst):
        print(f'{name:10} {output.name[:24]:24} {w[0]:10.2e} {w[2]:10.3g} {w[1]:10.2e}  '
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
    print(f'ONNX Runtime {onnxruntime.__version__} against Reprise, {reprise.isa(library)}, '
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
