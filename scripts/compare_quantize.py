#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds reprise quantize against ONNX Runtime's static quantiser, both run in ONNX Runtime.

usage: python3 scripts/compare_quantize.py [--build DIR] [--sample N] [--test N] [--methods M,M]
           [--options 'OPTIONS'] [-o FILE] [NAME...]

Needs onnx, onnxruntime, numpy and the demo. Both see the same N frames of the network's stream
(ONNX Runtime's: QDQ, u8 activations, s8 weights by channel) and are measured on frames that come
80 later: relative L2 of the worst output against the f32 model, over all frames, and for nanodet
F1 of the boxes. The aims: F1 of 0.97, and an error no larger than that of any of ONNX Runtime's
methods. Exit status 1 if one is missed.
"""
import argparse
import os
import subprocess
import sys
import tempfile
import time

import numpy as np
import onnx
import onnxruntime as ort
from onnxruntime import quantization as q

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import nanodet  # noqa: E402
import ort_static  # noqa: E402
from frames import frames  # noqa: E402
from streams import NETWORKS  # noqa: E402

STREAMS = {'nanodet': 'vtest.avi', 'movenet': 'vtest.avi', 'selfie': 'cup.mp4',
           'blazeface': 'cup.mp4', 'ppocr-det': 'screen.mkv'}
FIRST, LATER = 100, 80
METHODS = {'minmax': q.CalibrationMethod.MinMax, 'entropy': q.CalibrationMethod.Entropy,
           'percentile': q.CalibrationMethod.Percentile}


def session(path):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    return ort.InferenceSession(path, options, providers=['CPUExecutionProvider'])


def run(path, tensors):
    s = session(path)
    name = s.get_inputs()[0].name
    return [s.run(None, {name: t}) for t in tensors]


def rel_l2(outputs, reference):
    """Of every output, over all frames."""
    errors = []
    for got, want in zip(zip(*outputs), zip(*reference)):
        got, want = np.stack(got).astype(np.float64), np.stack(want).astype(np.float64)
        errors.append(float(np.linalg.norm(got - want) / (np.linalg.norm(want) + 1e-30)))
    return errors


def theirs(source, path, method, tensors):
    start = time.perf_counter()
    ort_static.quantise(source, path, tensors, METHODS[method])
    return time.perf_counter() - start


def ours(args, source, path, network, pictures):
    """Through the command line, on a file of raw frames."""
    height, width, shape, scale, offset = network
    start = time.perf_counter()
    with tempfile.NamedTemporaryFile(suffix='.rgb') as f:
        pictures.tofile(f.name)
        done = subprocess.run(
            [os.path.join(ROOT, args.build, 'reprise'), 'quantize', source,
             f'rawvideo:{width}x{height}:rgb24:{f.name}', '-o', path, '--frames', str(len(pictures)),
             '--shape', ','.join(map(str, shape)), '--range', f'{offset}..{offset + 255 * scale}']
            + args.options.split(), capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(done.stderr)
    if args.verbose:
        print(done.stdout, file=sys.stderr)
    return time.perf_counter() - start


def measure(name, path, tensors, reference, seconds, who):
    got = run(path, tensors)
    errors = rel_l2(got, reference)
    score = ''
    if name == 'nanodet':
        score = f'{f1(got, reference):.4f}'
    line = f'| {name} | {who} | {max(errors):.4f} | {score} | {os.path.getsize(path) / 1e6:.2f} ' \
           f'| {seconds:.0f} |'
    print(line, flush=True)
    return max(errors), score, line


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help=f'of {", ".join(NETWORKS)}')
    parser.add_argument('--build', default='build', help='build directory')
    parser.add_argument('--sample', type=int, default=32)
    parser.add_argument('--test', type=int, default=16)
    parser.add_argument('--methods', default='minmax,entropy,percentile',
                        help='of ONNX Runtime; empty: none')
    parser.add_argument('--options', default='', help='further options of reprise quantize')
    parser.add_argument('--verbose', action='store_true')
    parser.add_argument('-o', '--output', help='markdown file; the table is printed as well')
    args = parser.parse_args()
    lines = ['| network | by | relative L2 | F1 | MB | seconds |', '|---|---|---|---|---|---|']
    print('\n'.join(lines))
    missed = []
    with tempfile.TemporaryDirectory() as folder:
        for name in args.names or NETWORKS:
            missed += compare(args, name, folder, lines)
    if args.output:
        with open(args.output, 'w', encoding='utf-8') as f:
            f.write('\n'.join(lines) + '\n')
    print('missed: ' + ', '.join(missed) if missed else 'all aims are met')
    return 1 if missed else 0


def compare(args, name, folder, lines):
    """Adds the lines of one network; the aims that it misses."""
    height, width, shape, scale, offset = NETWORKS[name]
    source = os.path.join(ROOT, 'demo/models', name + '.onnx')
    stream = os.path.join(ROOT, 'demo/streams', STREAMS[name])
    all_frames = frames(stream, width, height, LATER + args.test, FIRST)
    sample, test = all_frames[:args.sample], all_frames[LATER:LATER + args.test]

    def tensors(pictures):
        x = pictures.astype(np.float32) * np.float32(scale) + np.float32(offset)
        if shape[1] == 3:
            x = x.transpose(0, 3, 1, 2)
        return [np.ascontiguousarray(t[None]) for t in x]

    plain = os.path.join(folder, f'{name}.onnx')
    ort_static.prepare(source, plain, shape)
    reference = run(plain, tensors(test))
    path = os.path.join(folder, f'{name}-ours.onnx')
    seconds = ours(args, source, path, NETWORKS[name], sample)
    onnx.checker.check_model(path, full_check=True)
    error, score, line = measure(name, path, tensors(test), reference, seconds, 'reprise')
    lines.append(line)
    missed = ['nanodet F1'] if score and float(score) < 0.97 else []
    for method in [m for m in args.methods.split(',') if m]:
        path = os.path.join(folder, f'{name}-{method}.onnx')
        seconds = theirs(plain, path, method, tensors(sample))
        their_error, _, line = measure(name, path, tensors(test), reference, seconds,
                                       f'ONNX Runtime, {method}')
        lines.append(line)
        if their_error < error:
            missed.append(f'{name} against {method}')
    return missed


def f1(outputs, reference):
    return nanodet.f1(*[[nanodet.decode(o) for o in list_] for list_ in (reference, outputs)])


if __name__ == '__main__':
    sys.exit(main())
