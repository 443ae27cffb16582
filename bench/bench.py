#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Nanodet on a street video: ONNX Runtime, our dense run and our gates, in one process.

usage: .venv/bin/python bench/bench.py [--build DIR] [--frames N] [-o results.md]

One thread. Every frame is run by all contestants before the next one, in an order that rotates, so
that a slow moment of the machine falls on all of them. Times are wall-clock around the whole call,
from the u8 picture to the six outputs, ONNX Runtime's input conversion not counted.
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
import rivals  # noqa: E402
from frames import frames  # noqa: E402
from report import publish  # noqa: E402
from rivals import OnnxRuntime, Ours  # noqa: E402
from streams import NETWORKS  # noqa: E402

GATES = ('off', 'exact', 'deadzone:2/255', 'deadzone:4/255', 'levels:32')
NANODET = rivals.Network(*NETWORKS['nanodet'])
SIZE = NANODET.height
AUTOMATIC, ALWAYS_CORRECT = 0, 1  # rpr_policy


def ours(model, gate):
    """A stream of ours. The paper's scheme always corrects; where much changes, our own choice would
    be dense."""
    policy = ALWAYS_CORRECT if gate.startswith('levels') else AUTOMATIC
    return rivals.Ours(model, NANODET, gate, policy=policy, all_gates=policy == ALWAYS_CORRECT)


class Record:
    """What one contestant did over all frames."""

    def __init__(self):
        self.ms, self.boxes = [], []
        self.max_abs = self.max_range = 0.0

    def take(self, outputs, milliseconds, reference):
        self.ms.append(milliseconds)
        self.boxes.append(nanodet.decode(outputs))
        for out, ref in zip(outputs, reference):
            error = float(np.abs(out - ref).max())
            self.max_abs = max(self.max_abs, error)
            self.max_range = max(self.max_range, error / float(ref.max() - ref.min()))


def measure(contestants, pictures):
    """Runs everybody on every picture; the dense run of ours comes first in the first frame."""
    names, records = list(contestants), {n: Record() for n in contestants}
    for number, picture in enumerate(pictures):
        outputs = {}
        for name in names[number % len(names):] + names[:number % len(names)]:
            prepared = contestants[name].prepare(picture)
            start = time.perf_counter()
            result = contestants[name].run(prepared)
            milliseconds = (time.perf_counter() - start) * 1e3
            outputs[name] = [np.array(r) for r in result], milliseconds
            if isinstance(contestants[name], Ours) and number:
                contestants[name].count()
        for name, (result, milliseconds) in outputs.items():
            records[name].take(result, milliseconds, outputs['off'][0])
        progress(number + 1, len(pictures))
    return records


def measure_alone(model, gate, pictures):
    """Median milliseconds of a gate whose state nobody pushes out of the cache."""
    stream, ms = ours(model, gate), []
    for number, picture in enumerate(pictures):
        start = time.perf_counter()
        stream.run(picture)
        ms.append((time.perf_counter() - start) * 1e3)
        progress(number + 1, len(pictures))
    return float(np.median(ms[1:]))


def progress(done, total):
    if sys.stderr.isatty():
        print(f'\r{done}/{total} frames', end='\n' if done == total else '', file=sys.stderr,
              flush=True)


def frame_skipping(boxes, share):
    """Boxes of a detector that runs on `share` of the frames, evenly, and repeats its last boxes."""
    held, due, result = None, 1.0, []
    for b in boxes:
        if due >= 1.0:
            held, due = b, due - 1.0
        result.append(held)
        due += share
    return result


def processor():
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        for line in f:
            if line.startswith(('model name', 'Hardware')):
                return line.partition(':')[2].strip()
    return 'unknown processor'


def table(contestants, records, alone, pictures, isa):
    """The markdown of the result."""
    ort = np.median(records['ONNX Runtime'].ms[1:])
    dense = np.median(records['off'].ms[1:])
    reference = records['off'].boxes
    lines = [
        f'Nanodet, {SIZE}x{SIZE}, {len(pictures)} frames of vtest.avi from frame 100, one thread.',
        f'{processor()}, bundle {isa}; ONNX Runtime {OnnxRuntime.version()}, float32.',
        'The first frame, which is always dense, is left out of times and MACs. F1: boxes against',
        'our dense run. Skipping: a detector that runs on as many frames as the MACs executed',
        'would pay for, and repeats its boxes in between. Alone: the same stream without the others',
        'between its frames, which push its state out of the cache. levels:32 compares every value and',
        'always corrects, as in the paper; the other gates choose by cost.',
        '',
        '| contestant | ms median (5 to 95 %) | speed against ORT | against our dense | ms alone '
        '| MACs executed | similarity | F1 | F1 of frame skipping | max error / output range |',
        '|---|---|---|---|---|---|---|---|---|---|',
    ]
    for name, r in records.items():
        ms = np.array(r.ms[1:])
        low, middle, high = np.percentile(ms, (5, 50, 95))
        c = contestants[name]
        if isinstance(c, Ours):
            executed, similarity = c.executed / c.dense, 1 - c.changed / max(c.inputs, 1)
            skipping = nanodet.f1(reference, frame_skipping(reference, executed))
            label = 'dense' if name == 'off' else f'gate {name}'
            counts = [f'{executed:.1%}', '-' if name == 'off' else f'{similarity:.1%}',
                      f'{nanodet.f1(reference, r.boxes):.3f}', f'{skipping:.3f}']
        else:
            label, counts = name, ['-', '-', f'{nanodet.f1(reference, r.boxes):.3f}', '-']
        lines.append('| ' + ' | '.join(
            [label, f'{middle:.2f} ({low:.2f} to {high:.2f})', f'{ort / middle:.2f}',
             f'{dense / middle:.2f}', f'{alone[name]:.2f}' if name in alone else '-'] + counts + [f'{r.max_range:.1e}']) + ' |')
    return '\n'.join(lines) + '\n'


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default='build', help='build directory')
    parser.add_argument('--model', default=os.path.join(ROOT, 'demo/models/nanodet.onnx'))
    parser.add_argument('--video', default=os.path.join(ROOT, 'demo/streams/vtest.avi'))
    parser.add_argument('--frames', type=int, default=300)
    parser.add_argument('--skip', type=int, default=100)
    parser.add_argument('--gates', default=','.join(GATES[1:]))
    parser.add_argument('-o', '--output', help='markdown file; the table is printed as well')
    args = parser.parse_args()

    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    model = reprise.Model(args.model, library=library)
    contestants = {'ONNX Runtime': OnnxRuntime(args.model, NANODET), 'off': ours(model, 'off')}
    contestants.update({g: ours(model, g) for g in args.gates.split(',') if g})
    pictures = frames(args.video, SIZE, SIZE, args.frames, args.skip)
    records = measure(contestants, pictures)
    alone = {g: measure_alone(model, g, pictures) for g in contestants if g != 'ONNX Runtime'}
    text = table(contestants, records, alone, pictures, reprise.isa(library))
    publish(text, args.output)
    return 0


if __name__ == '__main__':
    sys.exit(main())
