#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""PP-OCR's text detector on a recorded screen: ONNX Runtime, our dense run and gates, in turns.

usage: .venv/bin/python bench/screen.py [--build DIR] [--frames N] [--gates G,...] [-o FILE]

One process. Every frame is run by all contestants before the next one, in an order that rotates.
Frames come from bench/screen_record.py in the size that the network reads, with their kinds.
"""
import argparse
import os
import sys
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import ocr  # noqa: E402
import reprise  # noqa: E402
import rivals  # noqa: E402
from bench import frame_skipping, processor  # noqa: E402
from frames import frames  # noqa: E402
from report import publish  # noqa: E402
from streams import NETWORKS  # noqa: E402

DETECTOR = rivals.Network(*NETWORKS['ppocr-det'])
SIZE = DETECTOR.height
GATES = ('exact,deadzone:0.25/255,deadzone:0.5/255,deadzone:0.75/255,deadzone:1/255,'
         'deadzone:2/255,deadzone:4/255,deadzone:8/255')
KINDS = ('idle', 'typing', 'scrolling', 'window')


class Ours(rivals.Ours):
    """A stream of ours with one gate, and what its layers did on every frame."""

    def __init__(self, model, gate, threads):
        super().__init__(model, DETECTOR, gate, threads)
        self.executed, self.dense, self.layers = [], [], []

    def count(self):
        s = self.stream.stats()
        self.executed.append(s.macs_executed)
        self.dense.append(s.macs_dense)
        self.layers.append([(x.inputs, x.changed, x.macs_dense, x.macs_executed)
                            for x in self.stream.layer_stats()])

    def share(self, chosen):
        return np.sum(np.array(self.executed)[chosen]) / np.sum(np.array(self.dense)[chosen])


def measure(contestants, pictures):
    """Milliseconds and boxes of every contestant on every frame."""
    names = list(contestants)
    ms, boxes = {n: [] for n in names}, {n: [] for n in names}
    for number, picture in enumerate(pictures):
        for name in names[number % len(names):] + names[:number % len(names)]:
            c = contestants[name]
            prepared = c.prepare(picture)
            start = time.perf_counter()
            result = c.run(prepared)
            ms[name].append((time.perf_counter() - start) * 1e3)
            boxes[name].append(ocr.decode(result[0]))
            if isinstance(c, Ours):
                c.count()
    return {n: np.array(v) for n, v in ms.items()}, boxes


def pick(boxes, chosen):
    return [boxes[i] for i in chosen]


def table(contestants, ms, boxes, kinds):
    """Two tables: all frames but the first, and by kind."""
    every = np.arange(1, len(kinds))
    reference, ort = boxes['off'], ms['ONNX Runtime']
    lines = ['| contestant | ms mean | ms median (5 to 95 %) | mean against ORT | MACs executed | F1 '
             '| F1 of frame skipping |', '|---|---|---|---|---|---|---|']
    skipped = {}
    for name, c in contestants.items():
        t = ms[name][every]
        low, middle, high = np.percentile(t, (5, 50, 95))
        share = skip = '-'
        if isinstance(c, Ours):
            skipped[name] = frame_skipping(reference, c.share(every))
            share = f'{c.share(every):.1%}'
            skip = f'{ocr.f1(pick(reference, every), pick(skipped[name], every)):.3f}'
        lines.append(f'| {label(name)} | {t.mean():.2f} | {middle:.2f} ({low:.2f} to {high:.2f}) '
                     f'| {ort[every].mean() / t.mean():.2f} | {share} '
                     f'| {ocr.f1(pick(reference, every), pick(boxes[name], every)):.3f} | {skip} |')
    lines += ['', 'By kind of frame: ms mean, speed-up against ONNX Runtime, MACs executed, F1, F1 of '
              'frame skipping.', '', '| contestant | ' + ' | '.join(
                  f'{k} ({np.mean(kinds[1:] == k):.0%} of the frames)' for k in KINDS) + ' |',
              '|---' * (len(KINDS) + 1) + '|']
    for name, c in contestants.items():
        cells = []
        for kind in KINDS:
            chosen = every[kinds[1:] == kind]
            if not len(chosen):
                cells.append('-')
                continue
            t, ref = ms[name][chosen].mean(), pick(reference, chosen)
            cell = f'{t:.2f}, {ort[chosen].mean() / t:.2f}x'
            if name in skipped and name != 'off':
                cell += (f', {c.share(chosen):.1%}, {ocr.f1(ref, pick(boxes[name], chosen)):.3f}, '
                         f'{ocr.f1(ref, pick(skipped[name], chosen)):.3f}')
            cells.append(cell)
        lines.append(f'| {label(name)} | ' + ' | '.join(cells) + ' |')
    return lines


def label(name):
    return {'off': 'dense', 'ONNX Runtime': name}.get(name, 'gate ' + name)


def spread(model, stream, chosen):
    """Where a change reaches the whole map: weighted layers, their changed inputs and MACs."""
    infos = model.layers()
    sums = np.array(stream.layers)[chosen].sum(0).astype(float)
    seen = [i for i, info in enumerate(infos) if info.weighted and sums[i, 2] > 0]
    total, full = sums[seen, 2].sum(), sums[seen, 3] >= 0.99 * sums[seen, 2]
    if not full.any():
        return ['No layer was computed whole.']
    at = int(np.argmax(full))
    before = sums[seen[:at], 2].sum()
    name = infos[seen[at]].name.decode()
    lines = [f'Gate exact, the {len(chosen)} frames that differ from the one before: the first of the '
             f'{len(seen)} weighted layers that is computed whole (99 % of its MACs) is number '
             f'{at + 1}, `{name}`; {before / total:.1%} of all MACs lie before it, and of those '
             f'{sums[seen[:at], 3].sum() / max(before, 1):.1%} are executed. '
             f'{full.sum()} layers with {sums[seen, 2][full].sum() / total:.1%} of the MACs are '
             'computed whole. In order, eighths of the MACs:', '',
             '| layers | share of the MACs | inputs changed | MACs executed |', '|---|---|---|---|']
    part = np.minimum((np.cumsum(sums[seen, 2]) - sums[seen, 2] / 2) / total * 8, 7).astype(int)
    for p in range(8):
        inside = [i for i, q in zip(seen, part) if q == p]
        if inside:
            s = sums[inside].sum(0)
            names = infos[inside[0]].name.decode(), infos[inside[-1]].name.decode()
            lines.append(f'| {" to ".join(f"`{n}`" for n in names)} | {s[2] / total:.1%} '
                         f'| {s[1] / max(s[0], 1):.1%} | {s[3] / s[2]:.1%} |')
    return lines


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default='build', help='build directory')
    parser.add_argument('--model', default=os.path.join(ROOT, 'demo/models/ppocr-det.onnx'))
    parser.add_argument('--video', default=os.path.join(ROOT, 'demo/streams/screen.mkv'))
    parser.add_argument('--frames', type=int, default=300)
    parser.add_argument('--threads', type=int, default=1, help='for everybody')
    parser.add_argument('--gates', default=GATES)
    parser.add_argument('-o', '--output', help='markdown file; the tables are printed as well')
    args = parser.parse_args()

    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    model = reprise.Model(args.model, {None: DETECTOR.shape}, library)
    contestants = {'ONNX Runtime': rivals.OnnxRuntime(args.model, DETECTOR, args.threads)}
    for gate in ['off'] + args.gates.split(','):
        contestants[gate] = Ours(model, gate, args.threads)
    pictures = frames(args.video, SIZE, SIZE, args.frames)
    with open(args.video + '.kinds', encoding='ascii') as f:
        kinds = np.array(f.read().split()[:args.frames])
    same = np.array([np.array_equal(a, b) for a, b in zip(pictures[1:], pictures)])
    ms, boxes = measure(contestants, pictures)

    lines = [f'PP-OCR det, {SIZE}x{SIZE}, {len(pictures)} frames of a recorded screen at 10 a second, '
             f'{args.threads} thread(s).',
             f'{processor()}, bundle {reprise.isa(library)}; ONNX Runtime '
             f'{rivals.OnnxRuntime.version()}, float32.',
             f'{same.mean():.1%} of the frames equal the one before to the last bit '
             f'({", ".join(f"{k} {same[kinds[1:] == k].mean():.0%}" for k in KINDS if (kinds[1:] == k).any())}). '
             f'{np.mean([len(b) for b in boxes["off"]]):.1f} boxes a frame.',
             'The first frame is left out. F1: boxes against our dense run, intersection over union '
             f'at least {ocr.IOU}.', '']
    lines += table(contestants, ms, boxes, kinds)
    if 'exact' in contestants and not same.all():
        lines += [''] + spread(model, contestants['exact'], np.nonzero(~same)[0] + 1)
    publish('\n'.join(lines) + '\n', args.output)
    return 0


if __name__ == '__main__':
    sys.exit(main())
