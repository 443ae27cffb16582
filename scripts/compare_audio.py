#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds networks that listen against ONNX Runtime over a whole recording, state carried along.

usage: .venv/bin/python scripts/compare_audio.py [--build DIR] [--wav FILE] [--models DIR]
       [--gate G] [--no-time] [NAME...]

The recording is 16-bit mono at 16 kHz. The error of an output is its largest difference over the
largest value of that output, or over 1 if that is less (the words' networks end in a Sigmoid that
stays near 0 here); the bar is 1e-4. Exit status 1 if any output misses it. Times are CPU
times of one thread each, call by call in turn, the median of the calls; both are given their
inputs as numpy arrays.
"""
import argparse
import os
import sys
import time
import wave

import numpy as np
import onnxruntime

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import reprise  # noqa: E402

BAR = 1e-4


class Case:
    """A network and how it is fed: shape of its input, samples (or values) it goes on by."""

    def __init__(self, file, name, shape, hop=None, fixed=None, carry=None, source='samples'):
        self.file, self.input, self.shape = file, name, shape
        self.hop = hop or int(np.prod(shape or 0))
        self.fixed, self.carry = fixed or {}, carry or {}
        self.source = source


LEGACY = dict(fixed={'sr': 16000}, carry={'h': ('hn', (2, 1, 64)), 'c': ('cn', (2, 1, 64))})
SILERO = dict(fixed={'sr': 16000}, carry={'state': ('stateN', (2, 1, 128))})
CASES = {
    'silero-v5': Case('silero-v5.onnx', 'input', (1, 512), **SILERO),
    'silero-v6': Case('silero-v6.onnx', 'input', (1, 512), **SILERO),
    'silero-legacy': Case('silero-legacy.onnx', 'input', (1, 1536), **LEGACY),
    'melspectrogram': Case('oww-melspectrogram.onnx', 'input', (1, 1760), 1280),
    'embedding': Case('oww-embedding.onnx', 'input_1', (1, 76, 32, 1), 8 * 32, source='mel'),
}
DTLN = (1, 2, 128, 2)
CASES['dtln-1'] = Case('dtln-1.onnx', 'input_2', (1, 1, 257), source='spectrum',
                       carry={'input_3': ('tf_op_layer_stack_2', DTLN)})
CASES['dtln-2'] = Case('dtln-2.onnx', 'input_4', (1, 1, 512), 128,
                       carry={'input_5': ('tf_op_layer_stack_5', DTLN)})
for word in ('alexa', 'hey-mycroft', 'hey-rhasspy', 'hey-jarvis', 'timer', 'weather'):
    CASES[word] = Case(f'oww-{word}.onnx', None, None, source='embedding')


def read_wav(path):
    with wave.open(path) as w:
        if (w.getframerate(), w.getnchannels(), w.getsampwidth()) != (16000, 1, 2):
            raise SystemExit(f'{path}: not 16-bit mono at 16 kHz')
        return np.frombuffer(w.readframes(w.getnframes()), '<i2').astype(np.float32) / 32768


def session(path):
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = options.inter_op_num_threads = 1
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(path, options, providers=['CPUExecutionProvider'])


class Features:
    """What the networks behind others are given, made once by ONNX Runtime."""

    def __init__(self, directory, samples):
        self._directory, self._made = directory, {'samples': samples}

    def _run(self, name, values, reshape):
        case = CASES[name]
        s = session(os.path.join(self._directory, case.file))
        n = int(np.prod(case.shape))
        chunks = range(0, len(values) - n + 1, case.hop)
        return np.concatenate([reshape(s.run(None, {case.input: values[i:i + n].reshape(
            case.shape)})[0]) for i in chunks])

    def get(self, source):
        if source not in self._made:
            if source == 'mel':  # as openWakeWord scales it
                mel = self._run('melspectrogram', self.get('samples') * 32768,
                                lambda y: y.reshape(-1, 32))
                self._made[source] = (mel / 10 + 2).reshape(-1)
            elif source == 'spectrum':  # magnitudes of 512 samples every 128, as DTLN hears it
                blocks = np.lib.stride_tricks.sliding_window_view(self.get('samples'), 512)[::128]
                self._made[source] = np.abs(np.fft.rfft(blocks)).astype(np.float32).reshape(-1)
            else:
                self._made[source] = self._run('embedding', self.get('mel'),
                                               lambda y: y.reshape(1, 96)).reshape(-1)
        return self._made[source]


def clock(call):
    start = time.thread_time()
    result = call()
    return result, time.thread_time() - start


def compare(name, args, features, library):
    case = CASES[name]
    path = os.path.join(args.models, case.file)
    ort = session(path)
    if case.shape is None:
        first = ort.get_inputs()[0]
        case.input = first.name
        case.shape, case.hop = tuple(first.shape), 96
    shapes = {case.input: case.shape}
    state = {}
    for entry, (_, shape) in case.carry.items():
        shapes[entry], state[entry] = shape, np.zeros(shape, np.float32)
    model = reprise.Model(path, shapes, library, fixed=case.fixed,
                          carry={k: v[0] for k, v in case.carry.items()})
    stream = model.stream(args.gate)
    names = [o.name for o in ort.get_outputs()]
    fixed = {k: np.array(v, np.int64) for k, v in case.fixed.items()}
    values, n = features.get(case.source), int(np.prod(case.shape))
    scale = 32768 if name == 'melspectrogram' else 1
    worst, largest, times = np.zeros(len(names)), np.zeros(len(names)), ([], [])
    for at in range(0, len(values) - n + 1, case.hop):
        x = np.ascontiguousarray(values[at:at + n] * scale, np.float32).reshape(case.shape)
        theirs, took = clock(lambda: ort.run(None, {case.input: x, **fixed, **state}))
        times[0].append(took)
        ours, took = clock(lambda: stream.run_shared(x))
        times[1].append(took)
        for entry, (output, _) in case.carry.items():
            state[entry] = theirs[names.index(output)]
        for i, (a, b) in enumerate(zip(theirs, ours)):
            bad = a.shape != b.shape or not np.isfinite(b).all()
            worst[i] = max(worst[i], np.inf if bad else np.abs(a - b).max())
            largest[i] = max(largest[i], np.abs(a).max())
    medians = [float(np.median(t)) * 1e6 for t in times]
    relative = worst / np.maximum(largest, 1)
    for i, output in enumerate(names):
        took = '' if args.no_time else (f'{medians[0]:9.1f} {medians[1]:9.1f} '
                                        f'{medians[0] / medians[1]:7.2f}')
        print(f'{name:15} {output[:16]:16} {len(times[0]):6} {worst[i]:10.2e} {largest[i]:10.3g} '
              f'{relative[i]:10.2e}  {"ok" if relative[i] <= BAR else "OVER THE BAR":12} {took}',
              flush=True)
    return relative.max()


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help=f'of {", ".join(CASES)}')
    parser.add_argument('--build', default='build', help='build directory')
    parser.add_argument('--wav', default=os.path.join(ROOT, 'demo/streams/speech.wav'))
    parser.add_argument('--models', default=os.path.join(ROOT, 'demo/models'))
    parser.add_argument('--gate', default='off')
    parser.add_argument('--no-time', action='store_true')
    args = parser.parse_args()
    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    print(f'ONNX Runtime {onnxruntime.__version__} against Reprise, {reprise.isa(library)}, '
          f'gate {args.gate}; times in us a call')
    print(f'{"network":15} {"output":16} {"calls":>6} {"max abs":>10} {"largest":>10} '
          f'{"relative":>10}  {"":12} {"" if args.no_time else "     ORT   Reprise   ratio"}')
    features, failed = Features(args.models, read_wav(args.wav)), 0
    for name in args.names or CASES:
        if name not in CASES:
            parser.error(f'{name}: not one of {", ".join(CASES)}')
        try:
            failed += not compare(name, args, features, library) <= BAR
        except reprise.Error as e:
            print(f'{name:15} {e}')
            failed += 1
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
