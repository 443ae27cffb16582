#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""DTLN's noise suppression on a recording: ONNX Runtime, dense, and with reuse.

usage: bench/denoise.py [--build DIR] [--models DIR] [--gates G,G,...] [--no-bypass] [-o FILE.md]
                        [RECORDING...]

Every contestant runs the whole of it, both networks with their states, on blocks of 512 samples
every 128, as examples/denoise does; they take turns, as in bench/vad.py. Times are CPU times of one
thread inside the calls of both networks, ours through ctypes. Samples that come
out are held against those of ONNX Runtime (or of the dense run, without the module onnxruntime):
the largest difference, and the power of the difference against that of the signal.
"""
import argparse
import os
import sys
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import reprise  # noqa: E402
import vad  # noqa: E402
from recordings import tables  # noqa: E402
from vad import onnxruntime  # noqa: E402

HOP, BLOCK = 128, 512
NETWORKS = [('dtln-1.onnx', 'input_2', 'activation_2', 'input_3', 'tf_op_layer_stack_2'),
            ('dtln-2.onnx', 'input_4', 'conv1d_3', 'input_5', 'tf_op_layer_stack_5')]


class Chain:
    """Both networks and what is between and behind them."""

    def __init__(self):
        self._sum = np.zeros(BLOCK)
        self.took = np.zeros(2)

    def run(self, block):
        bins = np.fft.rfft(block)
        mask = self._timed(0, np.abs(bins).astype(np.float32))
        masked = np.fft.irfft(bins * mask.reshape(bins.shape))
        clean = self._timed(1, masked.astype(np.float32))
        self._sum = np.concatenate([self._sum[HOP:], np.zeros(HOP)]) + clean.reshape(-1)
        return self._sum[:HOP]

    def _timed(self, i, x):
        x = np.ascontiguousarray(x).reshape(1, 1, -1)
        start = time.thread_time()
        y = self.network(i, x)
        self.took[i] = 1e6 * (time.thread_time() - start)
        return y


class Rival(Chain):
    """ONNX Runtime on one thread; states go out and in again."""

    name = 'ONNX Runtime'

    def __init__(self, folder):
        super().__init__()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._sessions = [onnxruntime.InferenceSession(
            os.path.join(folder, n[0]), options, providers=['CPUExecutionProvider'])
            for n in NETWORKS]
        self._states = [np.zeros((1, 2, 128, 2), np.float32) for _ in NETWORKS]

    def network(self, i, x):
        _, entry, result, state, state_out = NETWORKS[i]
        y, self._states[i] = self._sessions[i].run([result, state_out],
                                                   {entry: x, state: self._states[i]})
        return y

    def shares(self):
        return None


class Ours(Chain):
    """Two streams of Reprise, which keep the states."""

    def __init__(self, models, gate, bypass):
        super().__init__()
        self.name = 'dense' if gate == 'off' else gate
        self._streams = [m.stream(gate, bypass=int(bypass)) for m in models]
        self._outputs = [[o.name for o in m.outputs].index(n[2])
                         for m, n in zip(models, NETWORKS)]
        self._sums = np.zeros(4, np.int64)

    def network(self, i, x):
        return self._streams[i].run_shared(x)[self._outputs[i]]

    def count(self):
        for s in (stream.stats() for stream in self._streams):
            self._sums += (s.inputs, s.changed, s.macs_dense, s.macs_executed)

    def shares(self):
        inputs, changed, dense, executed = (max(int(v), 1) for v in self._sums)
        return 1 - changed / inputs, 1 - executed / dense


def decibel(power):
    return 10 * np.log10(max(power, 1e-20))


def quietest(x):
    """Level of the quietest tenth of all pieces of 32 ms that are not silent, in dB."""
    power = np.sort((x[:len(x) // BLOCK * BLOCK].reshape(-1, BLOCK) ** 2).mean(axis=1))
    power = power[power > 1e-12]
    return decibel(power[:max(len(power) // 10, 1)].mean())


def table(path, args, library):
    models = [reprise.Model(os.path.join(args.models, n[0]), {}, library, carry={n[3]: n[4]})
              for n in NETWORKS]
    runners = [Ours(models, gate, not args.no_bypass) for gate in ['off'] + args.gates.split(',')]
    if onnxruntime:
        runners.insert(0, Rival(args.models))
    x = vad.samples(path)
    given = vad.blocks(x, HOP, BLOCK - HOP)
    out, took = {r.name: [] for r in runners}, {r.name: [] for r in runners}
    for r, i, counts in vad.turns(runners, len(given)):
        out[r.name].append(r.run(given[i][0]).copy())
        if counts:
            took[r.name].append(r.took.copy())
        if i and isinstance(r, Ours):
            r.count()
    out = {k: np.concatenate(v)[BLOCK - HOP:] for k, v in out.items()}
    want = out[runners[0].name]
    first = np.median(np.sum(took[runners[0].name], axis=1))
    lines = [f'{os.path.basename(path)}: {len(given)} blocks of 8 ms; the quietest tenth of '
             f'what is not silent is at {quietest(x):.0f} dB before and '
             f'{quietest(want):.0f} dB after', '',
             f'| | us a block, first + second network | against {runners[0].name} | similarity '
             '| reuse | largest difference | difference to signal |',
             '|---|---|---|---|---|---|---|']
    for r in runners:
        one, two = np.median(took[r.name], axis=0)
        both = np.median(np.sum(took[r.name], axis=1))
        shares = r.shares()
        reuse = '- | -' if shares is None else ' | '.join(f'{100 * s:.1f} %' for s in shares)
        off = out[r.name] - want
        far = '- | -' if r is runners[0] else \
            f'{np.abs(off).max():.1e} | {decibel(np.mean(off ** 2) / np.mean(want ** 2)):.0f} dB'
        lines.append(f'| {r.name} | {both:.1f} ({one:.1f} + {two:.1f}) | {first / both:.2f}x | '
                     f'{reuse} | {far} |')
    return '\n'.join(lines)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('recordings', nargs='*', metavar='RECORDING')
    parser.add_argument('--build', default='build')
    parser.add_argument('--models', default=os.path.join(ROOT, 'demo', 'models'))
    parser.add_argument('--gates', default='exact,deadzone:1/255,deadzone:4/255,deadzone:16/255')
    parser.add_argument('--no-bypass', action='store_true',
                        help='reuse even where the cost model finds it dearer')
    parser.add_argument('-o', metavar='FILE.md')
    args = parser.parse_args()
    return tables('DTLN', table, args, onnxruntime)


if __name__ == '__main__':
    sys.exit(main())
