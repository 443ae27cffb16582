#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A long run: does the error grow, does memory? A table and a plot of 50,000 frames.

usage: .venv/bin/python bench/drift.py [--build DIR] [--frames N] [--networks A,B] [-o FILE.md]
                                       [--plot FILE.png]

The first 300 frames of the street video run in a loop. At every 499th frame: the error of the
outputs against a dense run of the same frame (relative L2 of the worst output), rounding as the
oracle sees it (doc/contract.md: largest |z - dense on xhat|, as a share of its bound and of the
layer's largest sum), and the process's resident memory. Nothing is timed.
"""
import argparse
import os
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import reprise  # noqa: E402
from frames import frames  # noqa: E402
from report import publish  # noqa: E402
from streams import NETWORKS, VIDEO, rel_l2  # noqa: E402

LOOP, EVERY = 300, 499  # no common divisor: every frame of the loop is looked at in its turn
# network, gate, further options (policy 1, all_gates: always corrected); the last one never refreshes: what rounding does when left alone
RUNS = [('nanodet', 'deadzone:4/255', {}),
        ('blazeface', 'exact', {'policy': 1, 'all_gates': 1}),
        ('blazeface', 'exact', {'policy': 1, 'all_gates': 1, 'refresh': 0})]


def resident():
    """MiB."""
    with open('/proc/self/statm', encoding='ascii') as f:
        return int(f.read().split()[1]) * os.sysconf('SC_PAGE_SIZE') / 2**20


def run(library, name, gate, options, count):
    """Rows: frame, error, oracle's worst and max_rel, MiB."""
    height, width, shape, scale, offset = NETWORKS[name]
    model = reprise.Model(os.path.join(ROOT, 'demo/models', name + '.onnx'), {None: shape}, library)
    pictures = frames(VIDEO, width, height, LOOP)
    dense = model.stream('off', scale=scale, offset=offset)
    stream = model.stream(gate, scale=scale, offset=offset, oracle=1, bypass=0, **options)
    rows = []
    for i in range(count):
        outputs = stream.run_shared(pictures[i % LOOP])
        if (i + 1) % EVERY:
            continue
        error, oracle = rel_l2(outputs, dense.run_shared(pictures[i % LOOP])), stream.oracle()
        rows.append((i + 1, error, oracle.worst, oracle.max_rel, resident()))
        print(f'\r{name} {gate}: {i + 1} of {count}', end='', file=sys.stderr, flush=True)
    print(file=sys.stderr)
    return np.array(rows)


def title(name, gate, options):
    return f'{name}, {gate}' + (', no refresh' if options.get('refresh') == 0 else '')


def table(results):
    lines = ['| stream | frames | error, first and last tenth | largest | rounding / bound, first and '
             'last tenth | rounding / largest sum, first and last tenth | memory grew by, after the first tenth |',
             '|---|---|---|---|---|---|---|']
    for run_, rows in results:
        tenth = max(len(rows) // 10, 1)
        first, last = rows[:tenth].mean(0), rows[-tenth:].mean(0)
        lines.append(f'| {title(*run_)} | {int(rows[-1, 0])} | {first[1]:.2e}, {last[1]:.2e} '
                     f'| {rows[:, 1].max():.2e} | {first[2]:.1e}, {last[2]:.1e} '
                     f'| {first[3]:.1e}, {last[3]:.1e} '
                     f'| {rows[-1, 4] - rows[tenth - 1, 4]:.2f} MiB |')
    return '\n'.join(lines) + '\n'


def draw(results, path):
    import matplotlib
    matplotlib.use('Agg')
    from matplotlib import pyplot
    figure, axes = pyplot.subplots(1, 2, figsize=(11, 4))
    for run_, rows in results:
        axes[0].semilogy(rows[:, 0], rows[:, 1], label=title(*run_), linewidth=1)
        axes[1].semilogy(rows[:, 0], rows[:, 3], label=title(*run_), linewidth=1)
    axes[0].set_ylabel('error against a dense run (relative L2)')
    axes[1].set_ylabel('rounding / largest sum of a layer')
    for a in axes:
        a.set_xlabel('frame')
        a.grid(alpha=0.3)
    axes[1].legend(fontsize=8)
    figure.tight_layout()
    figure.savefig(path, dpi=100)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default='build', help='build directory')
    parser.add_argument('--frames', type=int, default=50000)
    parser.add_argument('--networks', default='nanodet,blazeface')
    parser.add_argument('-o', '--output', help='markdown file; the table is printed as well')
    parser.add_argument('--plot', help='PNG file')
    args = parser.parse_args()
    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    results = [(r, run(library, *r, args.frames)) for r in RUNS
               if r[0] in args.networks.split(',')]
    text = f'Bundle {reprise.isa(library)}.\n\n' + table(results)
    publish(text, args.output)
    if args.plot:
        draw(results, args.plot)
    return 0


if __name__ == '__main__':
    sys.exit(main())
