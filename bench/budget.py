#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Whether audits keep an error budget: on streams that nobody calibrated on, and when a stream changes.

usage: .venv/bin/python bench/budget.py --plans DIR [--make-plans] [--build DIR] [--networks A,B]
           [--every N] [--frames N] [--part streams|change] [-o FILE]

Plans are made by `reprise calibrate` (--make-plans: DIR/NETWORK-METRIC.json, minutes each, those
that are not there yet). Every frame is run densely, too, to know the error: of 300 frames in a row
it is the metric's over all of them (relative L2 of the worst output, or 1 - F1 of the boxes). Beside
the run with audits stands the same plan without. Times are processor times of the one thread, of
reuse and audit together, over the median of the dense run's; those of a metric written in Python are
left out.
"""
import argparse
import json
import os
import subprocess
import sys
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import nanodet  # noqa: E402
import reprise  # noqa: E402
from frames import frames  # noqa: E402
from report import publish  # noqa: E402
from streams import NETWORKS  # noqa: E402

STREAMS = os.path.join(ROOT, 'demo/streams')
WINDOW = 300
SLACK = 1.2   # times the budget, over a window
REACTION = 50  # frames after a change in which the budget may be broken
EMPTY = 1e-3  # an output whose values are all below that has no relative error to speak of
CARD = 'lavfi:testsrc2=640x480:r=25'

# network, metric: (budget, what it is calibrated on: file and options of the command line)
PLANS = {
    ('nanodet', 'f1'): (0.01, 'vtest.avi', ['--decode', 'nanodet']),
    ('nanodet', 'rel_l2'): (0.05, 'vtest.avi', []),
    ('blazeface', 'rel_l2'): (0.05, 'vtest.avi', ['--range', '-1..1']),
    ('movenet', 'rel_l2'): (0.05, 'vtest.avi', ['--range', '0..255']),
    ('selfie', 'rel_l2'): (0.05, 'cup.mp4', []),
    ('ppocr-det', 'rel_l2'): (0.05, CARD, ['--range', '-1..1', '--shape', '1,3,640,640']),
}
CALIBRATED = 100  # frames


def make_plan(args, network, metric):
    budget, source, options = PLANS[network, metric]
    command = [os.path.join(ROOT, args.build, 'reprise'), 'calibrate',
               os.path.join(ROOT, f'demo/models/{network}.onnx')]
    tail = ['--frames', str(CALIBRATED), '--metric', metric, '--budget', str(budget), '-o',
            plan_path(args, network, metric), *options]
    if not source.startswith('lavfi:'):
        subprocess.run(command + [os.path.join(STREAMS, source)] + tail, check=True)
        return
    film = subprocess.Popen(['ffmpeg', '-nostdin', '-v', 'error', '-f', 'lavfi', '-i', source[6:],
                             '-frames:v', str(CALIBRATED), '-f', 'yuv4mpegpipe', '-'],
                            stdout=subprocess.PIPE)
    subprocess.run(command + ['-'] + tail, stdin=film.stdout, check=True)
    film.wait()


def plan_path(args, network, metric):
    return os.path.join(args.plans, f'{network}-{metric}.json')


def plan_options(path):
    """A stream's options: settle, and layers: {layer: (kind, levels, threshold, lo, hi)}."""
    kinds = {'off': 0, 'exact': 1, 'levels': 2, 'deadzone': 3}
    with open(path, encoding='utf-8') as f:
        plan = json.load(f)
    layers = {g['layer']: (kinds[g['gate']], g.get('levels', 0), g.get('threshold', 0.0),
                           g.get('lo', 0.0), g.get('hi', 0.0)) for g in plan['gates']}
    return dict(layers=layers, settle=plan.get('settle', 0))


# ------------------------------------------------------------------------- metrics


class RelL2:
    """Sums of squares of a frame, per output."""

    in_library = True

    @staticmethod
    def of_frame(dense, ours):
        return ([float(np.vdot(o - d, o - d)) for d, o in zip(dense, ours)],
                [float(np.vdot(d, d)) for d in dense])

    @staticmethod
    def over(parts):
        difference = np.sum([p[0] for p in parts], 0)
        reference = np.sum([p[1] for p in parts], 0)
        return float(np.sqrt(difference / (reference + 1e-30)).max())

    @staticmethod
    def callback(dense, ours):
        return RelL2.over([RelL2.of_frame(dense, ours)])


class Boxes:
    """Boxes that have a partner, and boxes, both ways."""

    in_library = False

    @staticmethod
    def of_frame(dense, ours):
        a, b = nanodet.decode(dense), nanodet.decode(ours)
        return nanodet.matched(a, b) + nanodet.matched(b, a)

    @staticmethod
    def over(parts):
        found, sought, confirmed, seen = np.sum(parts, 0)
        if not sought or not seen:
            return float(sought != seen)
        recall, precision = found / sought, confirmed / seen
        return 1 - 2 * recall * precision / max(recall + precision, 1e-30)

    @staticmethod
    def callback(dense, ours):
        return Boxes.over([Boxes.of_frame(dense, ours)])


METRICS = {'rel_l2': RelL2, 'f1': Boxes}


# -------------------------------------------------------------------------- running


class Runner:
    """A plan on a stream, with audits or without; keeps what the tables need."""

    def __init__(self, model, network, plan, metric, every, budget):
        _, _, _, scale, offset = NETWORKS[network]
        self.metric = METRICS[metric]
        self.stream = model.stream('exact', scale=scale, offset=offset, **plan)
        self.audit, self.outside = None, 0.0
        if every:
            self.audit = reprise.Audit(self.stream, every=every, budget=budget,
                                       metric=None if self.metric.in_library else self._timed)
        self.parts, self.seconds, self.executed, self.scales = [], [], [], []
        self.shares, self.costs = [], []

    def _timed(self, dense, ours):
        start = time.thread_time()
        error = self.metric.callback(dense, ours)
        self.outside += time.thread_time() - start
        return error

    def run(self, picture, dense):
        """One frame beside the dense run's outputs."""
        self.outside = 0.0
        start = time.thread_time()
        outputs = self.stream.run_shared(picture)
        if self.audit:
            self.audit.frame(picture)
        self.seconds.append(time.thread_time() - start - self.outside)
        self.parts.append(self.metric.of_frame(dense, outputs))
        stats = self.stream.stats()
        self.executed.append(stats.macs_executed / stats.macs_dense)
        a = self.audit.stats() if self.audit else None
        self.scales.append(a.scale if a else 1.0)
        self.shares.append(a.share if a else 0.0)
        self.costs.append(a.cost if a else 0.0)

    def error(self, first, end):
        return self.metric.over(self.parts[first:end])

    def worst_window(self, width=WINDOW):
        """Largest error of `width` frames in a row, the first and dense one left out."""
        last = max(2, len(self.parts) - width + 1)
        return max(self.error(i, i + width) for i in range(1, last))


def play(args, library, network, metrics, pictures):
    """{(metric, with audits): Runner}, dense seconds, and the largest absolute output."""
    _, _, shape, scale, offset = NETWORKS[network]
    model = reprise.Model(os.path.join(ROOT, f'demo/models/{network}.onnx'), {None: shape}, library)
    dense = model.stream('off', scale=scale, offset=offset)
    runners = {}
    for metric in metrics:
        plan = plan_options(plan_path(args, network, metric))
        for every in (args.every, 0):
            runners[metric, bool(every)] = Runner(model, network, plan, metric, every,
                                                  PLANS[network, metric][0])
    seconds, largest = [], 0.0
    for picture in pictures:
        start = time.thread_time()
        truth = dense.run(picture)
        seconds.append(time.thread_time() - start)
        largest = max([largest] + [float(np.abs(o).max()) for o in truth])
        for runner in runners.values():
            runner.run(picture, truth)
    return runners, float(np.median(seconds)), largest


def to_and_fro(pictures, count):
    """As many frames as wanted: forwards, then backwards, and so on."""
    order = list(range(len(pictures))) + list(range(len(pictures) - 2, 0, -1))
    return [pictures[order[i % len(order)]] for i in range(count)]


def new_streams(network, count):
    """name: frames that the plan was not made on."""
    height, width = NETWORKS[network][:2]

    def film(name, first, n):
        return frames(os.path.join(STREAMS, name), width, height, n, first)

    return {'street, later (vtest.avi)': film('vtest.avi', 400, min(count, 395)),
            'cup (cup.mp4)': to_and_fro(film('cup.mp4', 100, 117), count),
            'cube (cube.y4m)': to_and_fro(film('cube.y4m', 0, 218), count),
            'test card': frames(CARD, width, height, count, 200)}


SEGMENTS = {'still': 150, 'panning': 150, 'still again': 150, 'dusk': 50, 'night': 150}


def changing_stream(network):
    """A part of the street's picture: at rest, panning at 3 pixels a frame, at rest; then it gets
    dark within 50 frames and stays so."""
    height, width = NETWORKS[network][:2]
    big_h, big_w = int(1.5 * height), int(1.5 * width)
    count = sum(SEGMENTS.values())
    film = frames(os.path.join(STREAMS, 'vtest.avi'), big_w, big_h, count, 100)
    way = np.zeros(count, int)
    way[150:300] = 3 * np.arange(1, 151)
    way[300:] = way[299]
    room = big_w - width
    left = np.abs((way + room) % (2 * room) - room)  # and back again at the edge
    light = np.ones(count)
    light[450:500] = np.linspace(1.0, 0.25, 50)
    light[500:] = 0.25
    top = (big_h - height) // 2
    return [np.clip(f[top:top + height, x:x + width] * b, 0, 255).astype(np.uint8)
            for f, x, b in zip(film, left, light)]


# --------------------------------------------------------------------------- tables


def kept(error, budget):
    return f'{error:.3g}' if error <= SLACK * budget else f'**{error:.3g}**'


def stream_rows(args, library, network, metrics):
    for name, pictures in new_streams(network, args.frames).items():
        runners, dense, largest = play(args, library, network, metrics, pictures)
        for metric in metrics:
            budget = PLANS[network, metric][0]
            on, off = runners[metric, True], runners[metric, False]
            st = on.audit.stats()
            empty = ' (empty)' if largest < EMPTY else ''
            ratio = np.array(on.seconds[1:]) / dense
            yield (f'| {network} | {name}{empty} | {metric} {budget} '
                   f'| {kept(off.worst_window(), budget)} | {kept(on.worst_window(), budget)} '
                   f'| {np.mean(off.executed[1:]):.1%} | {np.mean(on.executed[1:]):.1%} '
                   f'| {st.breaches}, {st.loosened} | {st.scale:.2f} '
                   f'| {np.mean(on.shares[1:]):.1%} '
                   f'| {np.median(off.seconds[1:]) / dense:.2f} | {np.median(ratio):.2f} |')


def change_rows(args, library, network, metrics):
    runners, dense, _ = play(args, library, network, metrics, changing_stream(network))
    for metric in metrics:
        budget = PLANS[network, metric][0]
        on, off = runners[metric, True], runners[metric, False]
        first = 0
        for segment, length in SEGMENTS.items():
            end, settled = first + length, first + REACTION
            begin = max(first, 1)
            ratio = np.array(on.seconds[begin:end]) / dense
            later = kept(on.error(settled, end), budget) if settled < end else '-'
            late_off = kept(off.error(settled, end), budget) if settled < end else '-'
            yield (f'| {network} | {metric} {budget} | {segment} '
                   f'| {off.error(begin, min(settled, end)):.3g} | {late_off} '
                   f'| {on.error(begin, min(settled, end)):.3g} | {later} '
                   f'| {np.mean(off.executed[begin:end]):.1%} '
                   f'| {np.mean(on.executed[begin:end]):.1%} | {on.scales[end - 1]:.2f} '
                   f'| {max(on.costs[begin:end]):.2f} '
                   f'| {np.percentile(ratio, 99):.2f}, {ratio.max():.2f} |')
            first = end


TITLES = {
    'streams': 'On streams that the plan was not made on. Cup and cube are played forwards and backwards.',
    'change': 'When the stream changes: a part of `vtest.avi` from frame 100 on, enlarged, at rest, '
              'panning by 3 pixels a frame, at rest; darker within 50 frames, down to a quarter; '
              'dark. Errors of the first 50 frames of each part, and of those later.'}
HEADS = {
    'streams': ['| network | stream | budget | worst 300 frames, plan alone | with audits '
                '| MACs, plan alone | with audits | tightened, loosened | scale at the end '
                '| audits, of a dense run | time, plan alone | with audits |',
                '|' + '---|' * 12],
    'change': ['| network | budget | frames | error of the first 50, plan alone | later '
               '| with audits: first 50 | later | MACs, plan alone | with audits | scale at the end '
               '| dearest frame, model | time of a frame: 99 % within, most |', '|' + '---|' * 12]}


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default='build', help='build directory')
    parser.add_argument('--plans', required=True, help='directory of the plans')
    parser.add_argument('--make-plans', action='store_true')
    parser.add_argument('--networks', default=','.join(dict.fromkeys(n for n, _ in PLANS)))
    parser.add_argument('--every', type=int, default=10)
    parser.add_argument('--frames', type=int, default=600)
    parser.add_argument('--part', choices=list(HEADS), action='append')
    parser.add_argument('-o', '--output', help='markdown file; the tables are printed as well')
    args = parser.parse_args()
    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    if args.make_plans:
        os.makedirs(args.plans, exist_ok=True)
        for network, metric in PLANS:
            wanted = network in args.networks.split(',')
            if wanted and not os.path.exists(plan_path(args, network, metric)):
                make_plan(args, network, metric)
    lines = ['# Whether audits keep a budget', '',
             f'`bench/budget.py --every {args.every} --frames {args.frames}`, {reprise.isa(library)}, '
             f'one thread. Bold: over {SLACK} times the budget.']
    for part in args.part or list(HEADS):
        lines += ['', TITLES[part], '', *HEADS[part]]
        rows = {'streams': stream_rows, 'change': change_rows}[part]
        for network in args.networks.split(','):
            metrics = [m for n, m in PLANS
                       if n == network and os.path.exists(plan_path(args, n, m))]
            for row in rows(args, library, network, metrics) if metrics else []:
                print(row, file=sys.stderr, flush=True)
                lines.append(row)
    publish('\n'.join(lines) + '\n', args.output)
    return 0


if __name__ == '__main__':
    sys.exit(main())
