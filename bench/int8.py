#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""int8 beside f32: five networks, ONNX Runtime's quantised models and ours, dense and with reuse.

usage: .venv/bin/python bench/int8.py [--build DIR] [--threads 1] [--first N] [--frames N]
           [--networks A,B] [--makers A,B] [--budgets E,E] [--plans DIR] [--remake] [-o int8.md]

ONNX Runtime's static quantiser makes one model of each network (prepared as its documentation asks;
QDQ, u8 activations, s8 weights by channel, ranges of the first frames of the street camera),
`reprise quantize` the other from the same frames; both are kept in demo/models/int8. Of nanodet there
are plans, too: `reprise calibrate` makes them on frames 0 to 99 for some losses of F1 against int8
dense (minutes each; kept in the same folder). The frames that are measured come later in the video.
All contestants run a frame before the next one begins, in an order that rotates, in one process;
medians of processor time (of wall-clock time with more than one thread), the making of the rivals'
float tensor not counted, the first frame left out.
Error: relative L2 of the worst output against our dense f32 run; F1 (nanodet): agreement of the
boxes with that run's.
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
import rivals  # noqa: E402
from bench import processor  # noqa: E402
from frames import frames  # noqa: E402
from networks import DENSE, Record, geometric, measure  # noqa: E402
from report import header, note, publish, row  # noqa: E402
from rivals import FrameSkipping, OnnxRuntime, Ours  # noqa: E402
from streams import NETWORKS, VIDEO  # noqa: E402

SAMPLE = 32  # frames that the quantisers see
FIRST = 100  # frame that is measured first
FOLDER = os.path.join(ROOT, 'demo/models/int8')
MAKERS = ('onnxruntime', 'reprise')
GATES = ('exact', 'deadzone:1.01/255', 'deadzone:2.01/255', 'deadzone:3.01/255', 'deadzone:4.01/255',
         'deadzone:6.01/255')
SETTLED = ('deadzone:3.01/255', 'deadzone:4.01/255')  # with settle 8, which plans by F1 have
ORT8 = 'ONNX Runtime int8'
PLANNED = {'nanodet': ['--metric', 'f1', '--decode', 'nanodet']}  # options of calibrate
PLAN_FRAMES = 100


def sample(network):
    return frames(VIDEO, network.width, network.height, SAMPLE, 0)


def quantise_theirs(source, path, network):
    import ort_static
    plain = path + '.plain.onnx'
    ort_static.prepare(source, plain, network.shape)
    ort_static.quantise(plain, path, [rivals.tensor(p, network) for p in sample(network)])
    os.remove(plain)


def quantise_ours(build, source, path, network):
    pictures = sample(network)
    command = [os.path.join(build, 'reprise'), 'quantize', source,
               f'rawvideo:{network.width}x{network.height}:rgb24:-', '-o', path, '--shape',
               ','.join(map(str, network.shape)), '--scale', repr(1 / network.scale), '--mean',
               repr(-network.offset / network.scale)]
    subprocess.run(command, input=pictures.tobytes(), check=True, stdout=subprocess.DEVNULL)


def quantised(name, network, maker, args):
    """Path of the quantised network; made if it is not there."""
    source = os.path.join(ROOT, 'demo/models', name + '.onnx')
    path = os.path.join(FOLDER, f'{name}.{maker}.onnx')
    os.makedirs(FOLDER, exist_ok=True)
    if args.remake or not os.path.exists(path):
        note(f'{name}: quantised by {maker}')
        part = path + '.part.onnx'
        if maker == 'reprise':
            quantise_ours(args.build, source, part, network)
        else:
            quantise_theirs(source, part, network)
        os.replace(part, path)
    return path


def plan_path(name, maker, path, budget, args):
    """A plan of the quantised network at `path`; made if it is not there."""
    plan = os.path.join(args.plans, f'{name}.{maker}.{budget}.json')
    if args.remake or not os.path.exists(plan):
        note(f'{name}: calibrated to {budget}')
        command = [os.path.join(args.build, 'reprise'), 'calibrate', path, VIDEO, '--frames',
                   str(PLAN_FRAMES), '--budget', budget, '-o', plan + '.part', *PLANNED[name]]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        os.replace(plan + '.part', plan)
    return plan


def plan_options(model, path):
    """A plan as options of a stream. Layers go by name: a plan may be older than the library."""
    kinds = {'exact': 1, 'levels': 2, 'deadzone': 3}
    with open(path) as f:
        plan = json.load(f)
    layers = {layer.name.decode(): i for i, layer in enumerate(model.layers()) if layer.weighted}
    gates = {layers[g['name']]: (kinds[g['gate']], g.get('levels', 0), g.get('threshold', 0.0),
                                 g.get('lo', 0.0), g.get('hi', 0.0)) for g in plan['gates']}
    return dict(layers=gates, settle=plan.get('settle', 0))


def contestants_of(name, network, path, threads, library, plans):
    """f32 and int8, theirs and ours; the truth is our dense f32 run. plans: budget: path."""
    source = os.path.join(ROOT, 'demo/models', name + '.onnx')
    whole = reprise.Model(source, {None: network.shape}, library)
    small = reprise.Model(path, {None: network.shape}, library)
    made = {OnnxRuntime.name: OnnxRuntime(source, network, threads),
            ORT8: OnnxRuntime(path, network, threads),
            DENSE: Ours(whole, network, 'off', threads),
            'f32 deadzone:4/255': Ours(whole, network, 'deadzone:4/255', threads),
            'int8 ' + DENSE: Ours(small, network, 'off', threads)}
    made.update({'int8 ' + g: Ours(small, network, g, threads) for g in GATES})
    made.update({f'int8 {g} settle 8': Ours(small, network, g, threads, settle=8)
                 for g in SETTLED if name in PLANNED})
    made.update({f'int8 plan {b}': Ours(small, network, 'exact', threads, **plan_options(small, p))
                 for b, p in plans.items()})
    made['skip 2'] = FrameSkipping(made[DENSE], 2)
    return made


class Boxes(Record):
    """Keeps boxes, too."""

    def __init__(self, every=1):
        super().__init__(every)
        self.boxes = []

    def take(self, outputs, reference):
        super().take(outputs, reference)
        self.boxes.append(nanodet.decode(outputs))


def state(contestant):
    return contestant.stream.state_bytes() / 2**20 if hasattr(contestant, 'stream') else None


def table(name, maker, threads, records, states):
    """A line per contestant."""
    lines = header(['network', 'quantised by', 'threads', 'run', 'ms', 'of ONNX Runtime f32',
                    'of ONNX Runtime int8', 'error', 'F1', 'state MiB'])
    base, eight = records[OnnxRuntime.name].median(), records[ORT8].median()
    truth = records[DENSE]
    for who, r in records.items():
        f1 = f'{nanodet.f1(truth.boxes, r.boxes):.4f}' if isinstance(r, Boxes) else ''
        lines.append(row([name, maker, str(threads), who, f'{r.median():.2f}',
                          f'{base / r.median():.2f}x', f'{eight / r.median():.2f}x',
                          f'{r.error():.1e}', f1, f'{states[who]:.1f}' if states[who] else '']))
    return lines


def run(name, maker, threads, args, library):
    """(lines, speed of dense int8 against theirs)."""
    network = rivals.Network(*NETWORKS[name])
    path = quantised(name, network, maker, args)
    budgets = [b for b in args.budgets.split(',') if b and name in PLANNED]
    plans = {b: plan_path(name, maker, path, b, args) for b in budgets}
    contestants = contestants_of(name, network, path, threads, library, plans)
    pictures = frames(VIDEO, network.width, network.height, args.frames, args.first)
    kind = Boxes if name == 'nanodet' else Record
    records = measure(contestants, pictures, kind,
                      time.thread_time if threads == 1 else time.perf_counter)
    lines = table(name, maker, threads, records, {n: state(c) for n, c in contestants.items()})
    for line in lines[2:]:
        note(line)
    return lines, records[ORT8].median() / records['int8 ' + DENSE].median()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'))
    parser.add_argument('--threads', default='1')
    parser.add_argument('--first', type=int, default=FIRST, help='frame that is measured first')
    parser.add_argument('--frames', type=int, default=100)
    parser.add_argument('--budgets', default='0.01,0.02', help='of plans')
    parser.add_argument('--plans', default=FOLDER, help='where plans are kept')
    parser.add_argument('--networks', default=','.join(NETWORKS))
    parser.add_argument('--makers', default=','.join(MAKERS))
    parser.add_argument('--remake', action='store_true', help='quantise again')
    parser.add_argument('-o', '--output')
    args = parser.parse_args()
    library = reprise.load_library(os.path.join(args.build, 'src/libreprise.so'))
    lines, ratios = [], {}
    for threads in map(int, args.threads.split(',')):
        for name in args.networks.split(','):
            for maker in args.makers.split(','):
                found, ratio = run(name, maker, threads, args, library)
                lines += found if not lines else found[2:]
                ratios.setdefault((maker, threads), []).append(ratio)
    lines.append('')
    for (maker, threads), found in ratios.items():
        lines.append(f'Dense int8 against ONNX Runtime int8, models of {maker}, {threads} '
                     f'thread(s): geometric mean {geometric(found):.2f}x of {len(found)}.')
        note(lines[-1])
    publish('\n'.join([f'int8 beside f32 ({processor()}, {reprise.isa(library)})', ''] + lines) + '\n',
            args.output)
    return 0


if __name__ == '__main__':
    sys.exit(main())
