#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The paper's four networks on real streams: every table of doc/paper.md.

usage: .venv/bin/python bench/paper.py [--build DIR] [--models DIR] [--streams DIR] [--frames N]
           [--doc FILE.md] [NAME...]

Needs what training/paper_networks.py writes. Each network runs behind the paper's quantiser, whose ranges
come from the first part of the stream, and behind dead-zones; its traces drive the simulator. Then ONNX
Runtime and one stream of ours at a time take turns at every frame, in one process and on one thread:
processor times, the first frame left out.
"""
import argparse
import json
import os
import subprocess
import sys
import tempfile
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import paper_tables  # noqa: E402
import reprise  # noqa: E402
import rivals  # noqa: E402
from frames import frames  # noqa: E402
from report import note, put_in  # noqa: E402

LEVELS, DEADZONES = 'levels', ('deadzone:2/255', 'deadzone:8/255')
RANGES = 0.25  # the part of a stream that the quantiser's ranges are taken from
KIND_LEVELS = 2  # of rpr_gate_kind
ALWAYS_CORRECT = 1  # of rpr_policy
WEIGHTS_F32 = 1  # of rpr_weights


class Case:
    """A network on one of its streams. A video is scaled to width x height by whoever reads it."""

    def __init__(self, network, stream, clusters, frames, what, size=None):
        self.network, self.stream, self.clusters = network, stream, clusters
        self.frames, self.what, self.size = frames, what, size


CASES = (
    Case('kaldi', 'kaldi.npy', 16, 1000, 'read speech, a frame each 10 ms'),
    Case('eesen', 'eesen.npy', 16, 49, 'read speech, 50 frames a call'),
    Case('c3d', 'c3d-by1.npy', 32, 6, 'street camera, clips advanced by 1'),
    Case('c3d', 'c3d-by16.npy', 32, 6, 'street camera, clips advanced by 16'),
    Case('autopilot', 'vtest.avi', 32, 300, 'street camera', (66, 200)),
    Case('autopilot', 'cup.mp4', 32, 200, 'hand and cup, fixed camera', (66, 200)),
    Case('autopilot', 'pan.y4m', 32, 80, 'the same street, the camera pans', (66, 200)),
)


class NotRun(Exception):
    """One line: why a network or stream is left out."""


class Place:
    """Where things are."""

    def __init__(self, args, folder):
        self.program = os.path.join(os.path.abspath(args.build), 'reprise')
        self.library = reprise.load_library(os.path.join(os.path.abspath(args.build),
                                                         'src/libreprise.so'))
        self.models, self.streams, self.folder = args.models, args.streams, folder

    def model(self, case):
        path = os.path.join(self.models, case.network + '.onnx')
        if not os.path.exists(path):
            raise NotRun(f'{path} is missing: training/paper_networks.py writes it')
        return path

    def stream(self, case):
        path = os.path.join(self.streams, case.stream)
        if case.stream == 'pan.y4m':
            path = os.path.join(self.folder, case.stream)
            if not os.path.exists(path):
                make_pan(path, os.path.join(self.streams, 'vtest.avi'), case)
        if not os.path.exists(path):
            raise NotRun(f'{path} is missing: scripts/models.py and training/paper_networks.py make it')
        return path

    def calibrate(self, case, model, plan):
        """Writes the paper's gates, and gives the file's text."""
        self.run('calibrate', model, self.stream(case), '--preset', 'isca2018', '--clusters',
                 case.clusters, '--frames', ranges(case), '-o', plan)
        with open(plan, encoding='utf-8') as f:
            return f.read()

    def run(self, *command):
        """Standard output of reprise, or NotRun with its last line of complaint."""
        done = subprocess.run([self.program, *map(str, command)], capture_output=True, text=True)
        if done.returncode:
            lines = done.stderr.strip().splitlines() or [f'exit code {done.returncode}']
            raise NotRun(lines[-1].removeprefix('reprise: '))
        return done.stdout


def ranges(case):
    """Frames that the quantiser's ranges are taken from; calibrate wants some."""
    return max(int(case.frames * RANGES), 6)


def make_pan(path, video, case):
    """A window on the video that moves 4 of its pixels a frame, which are 2 of the network's."""
    height, width = case.size
    if not os.path.exists(video):
        raise NotRun(f'{video} is missing: scripts/models.py fetches it')
    subprocess.run(['ffmpeg', '-nostdin', '-v', 'error', '-y', '-i', video, '-vf',
                    f'crop={2 * width}:{2 * height}:4*n:300,scale={width}:{height}', '-frames:v',
                    str(case.frames), '-pix_fmt', 'yuv444p', path], check=True)


def load(place, case):
    """The model, if all that weighs in it can reuse results."""
    path = place.model(case)
    place.run('info', path)
    model = reprise.Model(path, library=place.library)
    full = [n for n in model.layers()
            if n.op in (b'Conv', b'Gemm', b'LSTM') and not n.weighted and not n.recurrent]
    if full:
        raise NotRun(f'{os.path.basename(path)}: {full[0].op.decode()} {full[0].name.decode()} runs in '
                     'full, without reuse, so far')
    return model


def similarities(place, case, plan):
    """By scheme: the run's JSON, and the simulation of its trace."""
    model, stream = place.model(case), place.stream(case)
    trace, report = (os.path.join(place.folder, f) for f in ('trace', 'run.json'))
    place.calibrate(case, model, plan)
    found = {}
    for scheme in (LEVELS,) + DEADZONES:
        gate = ['--plan', plan] if scheme == LEVELS else ['--gate', scheme]
        place.run('run', model, stream, *gate, '--all-gates', '--weights', 'f32', '--frames', case.frames,
                  '--trace', trace, '--json', report)
        with open(report, encoding='utf-8') as f:
            ran = json.load(f)
        found[scheme] = ran, json.loads(place.run('sim', '--trace', trace, '--json', '-'))
    return found


def inputs(place, case):
    """Pairs of what ours takes and what ONNX Runtime takes."""
    path = place.stream(case)
    if case.size is None:
        return [(x, x) for x in np.load(path, mmap_mode='r')[:case.frames]]
    pictures = frames(path, case.size[1], case.size[0], case.frames)
    network = rivals.Network(*case.size, (1, 3) + case.size, 1 / 255, 0.0)
    return [(p, rivals.tensor(p, network)) for p in pictures]


def streams_of(case, model, plan):
    with open(plan, encoding='utf-8') as f:
        levels = {g['layer']: (KIND_LEVELS, g['levels'], 0.0, g['lo'], g['hi'])
                  for g in json.load(f)['gates'] if g['gate'] == 'levels'}
    streams = {'dense': lambda: model.stream('off'),
               LEVELS: lambda: model.stream('exact', layers=levels, all_gates=1),
               'always': lambda: model.stream('exact', layers=levels, all_gates=1,
                                              policy=ALWAYS_CORRECT)}
    if any(n.recurrent for n in model.layers()):
        streams['whole'] = lambda: model.stream('exact', layers=levels, all_gates=1, weights=WEIGHTS_F32)
    streams.update({d: lambda d=d: model.stream(d) for d in DEADZONES})
    return streams


def recurrent_counts(stream):
    """Of the last call's recurrent layers: values that met a gate, changed ones, bytes of weights that
    were read, and MACs of a dense run."""
    of = [s for s, info in zip(stream.layer_stats(), stream.model.layers()) if info.recurrent]
    return np.array([[s.inputs, s.changed, s.weight_bytes, s.macs_dense] for s in of] or [[0] * 4]).sum(0)


def race(ort, stream, pairs):
    """ONNX Runtime and one stream of ours take turns: milliseconds and outputs of both, and the
    recurrent layers' counts without the first call's."""
    runs = (lambda pair: stream.run_shared(pair[0]),
            lambda pair: ort.session.run(None, {ort.input: pair[1]}))
    ms, outputs, counts = ([], []), ([], []), 0
    for number, pair in enumerate(pairs):
        for who in ((0, 1), (1, 0))[number % 2]:
            start = time.thread_time()
            out = runs[who](pair)[0]
            ms[who].append((time.thread_time() - start) * 1e3)
            outputs[who].append(out.copy())
        counts = counts + recurrent_counts(stream) if number else 0
    return ms, outputs, counts


def times(place, case, model, plan):
    """By scheme: median milliseconds of ours and of ONNX Runtime in the same race, relative L2 to our
    dense run, MB of state, and counts of recurrent layers. Each has a race of its own: streams that share weights would warm
    them for one another."""
    ort = rivals.OnnxRuntime(place.model(case), None)
    pairs = [tuple(map(np.ascontiguousarray, p)) for p in inputs(place, case)]
    ms, error, state, counts = {}, {}, {}, {}
    for name, make in streams_of(case, model, plan).items():
        stream = make()
        taken, outputs, counts[name] = race(ort, stream, pairs)
        ms[name] = tuple(float(np.median(t[1:])) for t in taken)
        state[name] = stream.state_bytes() * 1e-6
        if name == 'dense':
            dense = outputs[0]
            error['ort'] = paper_tables.relative(outputs[1], dense)
        error[name] = paper_tables.relative(outputs[0], dense)
    return ms, error, state, counts


def centred(place):
    """Similarity of the Kaldi-shaped network by layer, as its weights are scaled."""
    case = CASES[0]
    found = {}
    for name, model in (('small biases', place.model(case)), ('centred', 'centred/kaldi.onnx')):
        if name == 'centred':
            model = os.path.join(place.folder, model)
            subprocess.run([sys.executable, os.path.join(ROOT, 'training/paper_networks.py'), 'kaldi',
                            '--centre', '--no-streams', '-o', os.path.dirname(model), '--streams',
                            place.streams], check=True, stdout=subprocess.DEVNULL)
        plan, trace = (os.path.join(place.folder, f) for f in ('plan.json', 'trace'))
        error = json.loads(place.calibrate(case, model, plan))['held_back']['error']
        place.run('run', model, place.stream(case), '--plan', plan, '--all-gates', '--frames', case.frames,
                  '--trace', trace)
        found[name] = error, json.loads(place.run('sim', '--trace', trace, '--json', '-'))
    return found


def measure(place, case):
    note(f'{case.network} on {case.stream}')
    plan = os.path.join(place.folder, 'plan.json')
    model = load(place, case)
    found = similarities(place, case, plan)
    return paper_tables.Result(case, found, *times(place, case, model, plan))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help='networks (all)')
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'))
    parser.add_argument('--models', default=os.path.join(ROOT, 'demo/models'))
    parser.add_argument('--streams', default=os.path.join(ROOT, 'demo/streams'))
    parser.add_argument('--frames', type=int, help='of every stream at most')
    parser.add_argument('--doc', default=os.path.join(ROOT, 'doc/paper.md'))
    args = parser.parse_args()
    known = list(dict.fromkeys(c.network for c in CASES))
    unknown = [n for n in args.names if n not in known]
    if unknown:
        parser.error(f'{", ".join(unknown)}: not of {", ".join(known)}')
    if args.frames is not None and args.frames < 2:
        parser.error('--frames must be 2 or more')
    results, reasons = [], []
    with tempfile.TemporaryDirectory() as folder:
        place = Place(args, folder)
        for case in CASES:
            if args.names and case.network not in args.names:
                continue
            case.frames = min(case.frames, args.frames or case.frames)
            try:
                results.append(measure(place, case))
            except (NotRun, rivals.Unavailable, reprise.Error) as e:
                why = str(e).splitlines()[0]
                for folder in (args.models, args.streams):
                    why = why.replace(os.path.join(folder, ''), '')
                reasons.append((case, why))
                note(f'{case.network} on {case.stream} is left out: {reasons[-1][1]}')
        scalings = centred(place) if results and 'kaldi' in [r.case.network for r in results] else {}
    if not results:
        return 1
    blocks = paper_tables.blocks(results, reasons, scalings, reprise.isa(place.library),
                                 rivals.OnnxRuntime.version())
    for name, lines in blocks.items():
        print(f'\n{name}\n\n' + '\n'.join(lines))
    put_in(args.doc, 'make paper', blocks)
    return 0


if __name__ == '__main__':
    sys.exit(main())
