#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Silero's voice activity detector on a recording: ONNX Runtime, dense, and with reuse.

usage: bench/vad.py [--build DIR] [--model FILE] [--gates G,G,...] [-o FILE.md] [RECORDING...]

All of them get the same blocks of 512 samples behind 64 of before and keep their own state. They
take turns, 32 blocks at a time: block by block, one would find the weights in the cache that the
one before left there or drove out. Times are CPU times of one thread inside the call, ours through
ctypes; the first four blocks of a turn, which fetch the weights again, are left out. A decision is
whether the probability is 0.5 or more; the last columns hold ours against the dense run's. Without
the module onnxruntime its row is left out.
"""
import argparse
import os
import subprocess
import sys
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import reprise  # noqa: E402
from recordings import tables  # noqa: E402

try:
    import onnxruntime
except ImportError:
    onnxruntime = None

RATE, HOP, CONTEXT = 16000, 512, 64
STRETCH, COLD = 32, 4


def samples(path):
    raw = subprocess.run(['ffmpeg', '-nostdin', '-v', 'error', '-i', path, '-ac', '1', '-ar',
                          str(RATE), '-f', 'f32le', '-'], stdout=subprocess.PIPE, check=True).stdout
    return np.frombuffer(raw, np.float32)


def blocks(x, hop=HOP, context=CONTEXT):
    """Every block with the samples before it; the last one is filled up with zeros."""
    padded = np.concatenate([np.zeros(context, np.float32), x,
                             np.zeros(-len(x) % hop, np.float32)])
    return [np.ascontiguousarray(padded[i:i + context + hop]).reshape(1, -1)
            for i in range(0, len(padded) - context, hop)]


def turns(runners, count):
    """Who runs which block, and whether it counts: stretches, the order turned round each time."""
    for start in range(0, count, STRETCH):
        for r in runners if start // STRETCH % 2 else runners[::-1]:
            for i in range(start, min(start + STRETCH, count)):
                yield r, i, i >= start + COLD


class Rival:
    """ONNX Runtime on one thread; the state goes out and in again."""

    name = 'ONNX Runtime'

    def __init__(self, path):
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._session = onnxruntime.InferenceSession(path, options,
                                                     providers=['CPUExecutionProvider'])
        self._state = np.zeros((2, 1, 128), np.float32)
        self._rate = np.array(RATE, np.int64)

    def run(self, x):
        p, self._state = self._session.run(['output', 'stateN'], {
            'input': x, 'state': self._state, 'sr': self._rate})
        return float(p[0, 0])

    def shares(self):
        return None


class Ours:
    """One stream of Reprise, which keeps the state."""

    def __init__(self, model, gate):
        self.name = 'dense' if gate == 'off' else gate
        self._stream = model.stream(gate)
        self._output = [o.name for o in model.outputs].index('output')
        self._sums = np.zeros(4, np.int64)

    def run(self, x):
        return float(self._stream.run_shared(x)[self._output][0, 0])

    def count(self):
        s = self._stream.stats()
        self._sums += (s.inputs, s.changed, s.macs_dense, s.macs_executed)

    def shares(self):
        inputs, changed, dense, executed = (max(int(v), 1) for v in self._sums)
        return 1 - changed / inputs, 1 - executed / dense


def measure(path, runners):
    """Probabilities and microseconds of every runner."""
    probability = {r.name: [] for r in runners}
    took = {r.name: [] for r in runners}
    given = blocks(samples(path))
    for r, i, counts in turns(runners, len(given)):
        start = time.thread_time()
        p = r.run(given[i])
        if counts:
            took[r.name].append(1e6 * (time.thread_time() - start))
        probability[r.name].append(p)
        if i and isinstance(r, Ours):
            r.count()
    return {k: np.array(v) for k, v in probability.items()}, took


def table(path, args, library):
    model = reprise.Model(args.model, {'input': (1, CONTEXT + HOP), 'state': (2, 1, 128)}, library,
                          fixed={'sr': RATE}, carry={'state': 'stateN'})
    runners = [Ours(model, gate) for gate in ['off'] + args.gates.split(',')]
    if onnxruntime:
        runners.insert(0, Rival(args.model))
    probability, took = measure(path, runners)
    middle, mean = (f(took[runners[0].name]) for f in (np.median, np.mean))
    dense = probability['dense']
    speech = np.mean(dense >= 0.5)
    lines = [f'{os.path.basename(path)}: {len(dense)} blocks of 32 ms, {100 * speech:.0f} % speech',
             '', f'| | us a block: median, mean | against {runners[0].name}: median, mean | '
             'similarity | reuse | decisions changed | largest difference |',
             '|---|---|---|---|---|---|---|']
    for r in runners:
        p, us, all_us = probability[r.name], np.median(took[r.name]), np.mean(took[r.name])
        shares = r.shares()
        reuse = '- | -' if shares is None else ' | '.join(f'{100 * s:.1f} %' for s in shares)
        changed = '-' if r.name == 'dense' else \
            f'{100 * np.mean((p >= 0.5) != (dense >= 0.5)):.2f} % | {np.abs(p - dense).max():.1e}'
        lines.append(f'| {r.name} | {us:.1f}, {all_us:.1f} | {middle / us:.2f}x, '
                     f'{mean / all_us:.2f}x | {reuse} | '
                     f'{changed if changed != "-" else "- | -"} |')
    return '\n'.join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('recordings', nargs='*', metavar='RECORDING')
    parser.add_argument('--build', default='build')
    parser.add_argument('--model', default=os.path.join(ROOT, 'demo/models/silero-v5.onnx'))
    parser.add_argument('--gates', default='exact,deadzone:1/255,deadzone:2/255,deadzone:4/255')
    parser.add_argument('-o', metavar='FILE.md')
    args = parser.parse_args()
    return tables(f'Silero VAD ({os.path.basename(args.model)})', table, args, onnxruntime)


if __name__ == '__main__':
    sys.exit(main())
