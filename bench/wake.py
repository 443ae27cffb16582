#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Wake words: openWakeWord's networks on whole windows and on what is new of them.

usage: bench/wake.py [--build DIR] [--models DIR] [--streams DIR] [--short] [--only PART,...] [-o FILE.md]

Time: the embedding's window of 76 spectra that goes on by 8, one thread; ONNX Runtime and Reprise
take turns, as in bench/vad.py. Equality: 10,000 hops of speech and music. Detections and
multiply-accumulates (counts, no times): the whole pipeline over the phrases and the hour that
scripts/wake_streams.py makes. --short: 60 s of phrases only. examples/wakeword's scores on the
phrases are held against ONNX Runtime's.
"""
import argparse
import os
import subprocess
import sys
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import oww  # noqa: E402
import reprise  # noqa: E402
import vad  # noqa: E402

BAR = 1e-4
WHOLE, NEW = 'whole windows', 'new columns'
QUIET = 40  # five times the noise of the hour's quiet parts
# what is run, gate, quiet (steps of 16 bits), and whether every value is compared and corrected
RUNS = [(WHOLE, 'exact', 0, 0), (NEW, 'off', 0, 0), (NEW, 'exact', 0, 0), (NEW, 'exact', QUIET, 0),
        (NEW, 'exact', QUIET, 1), (NEW, 'deadzone:2/255', QUIET, 1), (NEW, 'deadzone:4/255', QUIET, 1)]


def name(run):
    what, gate, quiet, all_gates = run
    return f'{what}, {"dense" if gate == "off" else gate}' + \
        (f', quiet {quiet}' if quiet else '') + (', all gates' if all_gates else '')


def rows(header, lines):
    return '\n'.join(['| ' + ' | '.join(header) + ' |', '|' + '---|' * len(header)] +
                     ['| ' + ' | '.join(str(v) for v in line) + ' |' for line in lines])


def spectra(rival, x):
    """What the embedding is given: 8 x 32 for every hop."""
    y = []
    for block in oww.blocks(x):
        mel = rival.mel(np.ascontiguousarray(block).reshape(1, -1))
        y.append(mel.reshape(oww.FRAMES, oww.BANDS) / np.float32(10) + np.float32(2))
    return np.concatenate(y)


# ------------------------------------------------------------- time and equality


def time_embedding(args, library, mel):
    """Microseconds of every contestant, hop by hop."""
    rival = oww.Rival(args.models)
    whole, new = (oww.Models(args.models, library, w).embedding for w in (True, False))
    streams = {name((what, gate, 0, every)): (whole if what == WHOLE else new).stream(
        gate, all_gates=every, policy=every) for what, gate, every in
        ((WHOLE, 'off', 0), (NEW, 'off', 0), (NEW, 'exact', 0), (NEW, 'exact', 1),
         (NEW, 'deadzone:2/255', 1))}
    runners = ['ONNX Runtime'] + list(streams)
    took = {r: [] for r in runners}
    first = oww.WINDOW // oww.FRAMES + 1
    hops = len(mel) // oww.FRAMES
    for s in list(streams.values())[1:]:
        for k in range(first):
            s.run_shared(mel[8 * k:8 * k + 8].reshape(1, 8, 32, 1))
    for r, k, counts in vad.turns(runners, hops - first):
        end = oww.FRAMES * (first + k + 1)
        window = np.ascontiguousarray(mel[end - oww.WINDOW:end]).reshape(1, oww.WINDOW, oww.BANDS, 1)
        x = window if r in ('ONNX Runtime', runners[1]) else \
            np.ascontiguousarray(window[:, -oww.FRAMES:])
        call = (lambda v: rival._run(1, v)) if r == 'ONNX Runtime' else streams[r].run_shared
        start = time.thread_time()
        call(x)
        if counts:
            took[r].append(1e6 * (time.thread_time() - start))
    info = new.window()
    middle = {r: np.median(t) for r, t in took.items()}
    text = rows(['embedding', 'us a hop: median, mean', 'against ONNX Runtime: median, mean'],
                [[r, f'{middle[r]:.1f}, {np.mean(t):.1f}',
                  f'{middle["ONNX Runtime"] / middle[r]:.2f}x, '
                  f'{np.mean(took["ONNX Runtime"]) / np.mean(t):.2f}x'] for r, t in took.items()])
    return (f'{hops} hops of speech. A hop is {1e-6 * info.macs_hop:.2f} million '
            f'multiply-accumulates, the whole window {1e-6 * info.macs:.2f}; a stream keeps '
            f'{info.state_bytes / 1024:.0f} KiB of earlier columns.\n\n{text}')


def equality(args, library, mel):
    """The embedding against ONNX Runtime's on whole windows, by thousands of hops."""
    rival = oww.Rival(args.models)
    models = oww.Models(args.models, library, False)
    streams = [models.embedding.stream(g) for g in ('off', 'exact')]
    lines, hops = [], len(mel) // oww.FRAMES
    worst, largest, total = np.zeros(2), 0.0, np.zeros(2)
    for k in range(hops):
        x = mel[oww.FRAMES * k:oww.FRAMES * (k + 1)]
        want = rival.embed(x)
        for i, s in enumerate(streams):
            y = s.run_shared(x.reshape(1, oww.FRAMES, oww.BANDS, 1))[0]
            if want is not None:
                off = np.abs(y - want).max()
                worst[i] = max(worst[i], off if np.isfinite(y).all() else np.inf)
        largest = max(largest, 0 if want is None else np.abs(want).max())
        if (k + 1) % 1000 == 0 or k + 1 == hops:
            lines.append([f'to {k + 1}', f'{largest:.1f}', f'{worst[0]:.1e}', f'{worst[1]:.1e}'])
            total = np.maximum(total, worst)
            worst, largest = np.zeros(2), 0.0
    text = rows(['hops', 'largest value', 'largest difference, dense', 'exact gates'], lines)
    good = (total <= BAR).all()
    return f'{text}\n\nLargest of all {total.max():.1e}; bar {BAR:g}: {"met" if good else "MISSED"}.'


# -------------------------------------------------------------------- detections


def listen(pipeline, x):
    """Scores of every block, and its multiply-accumulates: executed, and run densely."""
    scores, macs = [], []
    for block in oww.blocks(x):
        scores.append(pipeline.run(block))
        macs.append(pipeline.count())
    return np.array(scores), np.array(macs)


def read_list(path):
    with open(path, encoding='ascii') as f:
        return [(float(a), float(b), what.strip()) for a, b, what in
                (line.split(None, 2) for line in f)]


def hits(found, said):
    """How many of the phrases were heard, by word, and how many other detections there were."""
    heard, false = set(), 0
    for at, word, _ in found:
        near = [p for p in said if p[2].split(' (')[0].replace(' ', '-') == word and
                p[0] < at < p[1] + 1.5]
        heard.update(near)
        false += not near
    return heard, false


def same(found, wanted):
    """Whether the same words are detected at the same blocks, or how far away; or what differs."""
    left, moved = list(wanted), []
    for at, word, _ in found:
        near = [d for d in left if d[1] == word and abs(d[0] - at) < 0.5]
        if near:
            left.remove(near[0])
            moved.append(abs(near[0][0] - at))
    more = len(found) - len(moved)
    if more or left:
        return f'{more} more, {len(left)} fewer'
    late = sum(m > 0.01 for m in moved)
    return f'the same, {late} of them up to {1000 * max(moved):.0f} ms away' if late else 'the same'


def phrases(results, said, wanted):
    lines = []
    for r, (scores, macs) in results.items():
        found = oww.detections(scores)
        heard, false = hits(found, said)
        count = [sum(p[2].startswith(w.replace('-', ' ')) for p in heard) for w in oww.WORDS]
        far = np.nanmax(np.abs(scores - wanted))
        lines.append([r] + count + [false, same(found, oww.detections(wanted)), f'{far:.1e}'])
    each = [sum(p[2].startswith(w.replace('-', ' ')) for p in said) for w in oww.WORDS]
    return rows(['', *(f'{w} (of {n})' for w, n in zip(oww.WORDS, each)), 'others',
                 'against ONNX Runtime', 'largest difference of a score'], lines)


def shares(macs, parts, dense):
    """Million multiply-accumulates a second, by kind of sound and over all, and times fewer."""
    kinds = list(dict.fromkeys(p[2] for p in parts))
    block = (np.arange(len(macs)) + 0.5) * oww.HOP / oww.RATE
    million = 1e-6 * oww.RATE / oww.HOP * macs[:, 0].sum(axis=1)
    by_kind = [np.mean(np.concatenate([million[(block >= a) & (block < b)] for a, b, k in parts
                                       if k == kind])) for kind in kinds]
    return [f'{v:.1f}' for v in by_kind + [million.mean()]] + [f'{dense / million.mean():.1f}x']


def hour(results, parts, wanted, dense):
    kinds = list(dict.fromkeys(p[2] for p in parts))
    lines = []
    for r, (scores, macs) in results.items():
        found = oww.detections(scores)
        lines.append([r, *shares(macs, parts, dense), len(found),
                      same(found, oww.detections(wanted)),
                      f'{np.nanmax(np.abs(scores - wanted)):.1e}'])
    return rows(['million multiply-accumulates a second', *kinds, 'all', 'fewer',
                 'false detections', 'against ONNX Runtime', 'largest difference of a score'], lines)


def example(args, wanted):
    """Scores of examples/wakeword, whole and new, against ONNX Runtime's."""
    lines = []
    for what, option in ((WHOLE, ['--full']), (NEW, [])):
        out = subprocess.run(
            [os.path.join(ROOT, args.build, 'examples/wakeword'),
             *(os.path.join(args.models, f) for f in oww.FILES),
             os.path.join(args.streams, 'phrases.wav'), '--scores', *option],
            stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True, text=True).stdout
        got = np.array([[float(v) for v in line.split()[1:]] for line in out.splitlines()])
        got[got < 0] = np.nan
        got = got[:len(wanted)]
        gaps = (np.isnan(got) != np.isnan(wanted)).sum()
        far = np.nanmax(np.abs(got - wanted))
        lines.append([what, len(got), f'{far:.1e}',
                      'met' if far <= BAR and gaps == 0 else 'MISSED'])
    return rows(['examples/wakeword', 'blocks', 'largest difference of a score', f'bar {BAR:g}'],
                lines)


def run_all(args, library, x):
    models = {WHOLE: oww.Models(args.models, library, True),
              NEW: oww.Models(args.models, library, False)}
    results = {}
    for run in RUNS:
        print(f'  {name(run)}', file=sys.stderr, flush=True)
        results[name(run)] = listen(oww.Ours(models[run[0]], *run[1:]), x)
    return results


def dense_rate(macs):
    """Million multiply-accumulates a second of every whole window: what the streams of whole windows
    would take densely, once all windows are full."""
    return 1e-6 * oww.RATE / oww.HOP * macs[-1, 1].sum()


class Sections:
    """What wake.md holds, by title; every part can be measured by itself."""

    def __init__(self, args, library):
        self._args, self._library = args, library
        self._said = read_list(os.path.join(args.streams, 'phrases.txt'))
        self._phrases = self._sound('phrases.wav')
        if args.short:
            self._phrases = self._phrases[:60 * oww.RATE]
            self._said = [p for p in self._said if p[1] < 60]
        self.all = {'time': self.time, 'phrases': self.phrases, 'program': self.program}
        if not args.short:
            self.all |= {'equality': self.equality, 'hour': self.hour}

    def _sound(self, file):
        return vad.samples(os.path.join(self._args.streams, file))

    def _rival(self):
        return oww.Rival(self._args.models)

    def _hour(self):
        return self._sound('hour.wav'), read_list(os.path.join(self._args.streams, 'hour.txt'))

    def time(self):
        mel = spectra(self._rival(), self._phrases[:3000 * oww.HOP])
        return time_embedding(self._args, self._library, mel)

    def phrases(self):
        wanted, _ = listen(self._rival(), self._phrases)
        return phrases(run_all(self._args, self._library, self._phrases), self._said, wanted)

    def program(self):
        wanted, _ = listen(self._rival(), self._phrases)
        return example(self._args, wanted)

    def equality(self):
        x, parts = self._hour()
        loud = np.concatenate([x[round(a * oww.RATE):round(b * oww.RATE)] for a, b, kind in parts
                               if kind in ('speech', 'music')])
        mel = spectra(self._rival(), loud[:10000 * oww.HOP])
        return equality(self._args, self._library, mel)

    def hour(self):
        x, parts = self._hour()
        wanted, _ = listen(self._rival(), x)
        results = run_all(self._args, self._library, x)
        dense = dense_rate(results[name(RUNS[0])][1])
        found = oww.detections(wanted)
        heard = ', '.join(f'{w} at {t:.2f} s ({s:.2f})' for t, w, s in found)
        return (f'Every window whole and dense: {dense:.1f} million multiply-accumulates a second; '
                f'ONNX Runtime on them has {len(found)} false detections in the hour'
                f'{": " + heard if heard else ""}.\n\n{hour(results, parts, wanted, dense)}')


def read_report(path):
    """The parts of an earlier report, by their titles."""
    if not path or not os.path.exists(path):
        return {}
    with open(path, encoding='utf-8') as f:
        parts = [p.split('\n', 1) for p in ('\n' + f.read()).split('\n## ')[1:]]
    return {title.strip(): body.strip() for title, body in parts}


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--build', default='build')
    parser.add_argument('--models', default=os.path.join(ROOT, 'demo', 'models'))
    parser.add_argument('--streams', default=os.path.join(ROOT, 'demo', 'streams'))
    parser.add_argument('--short', action='store_true', help='60 s of the phrases, no hour')
    parser.add_argument('--only', metavar='PART,...',
                        help='time, phrases, program, equality, hour: the others stay as FILE has them')
    parser.add_argument('-o', metavar='FILE.md')
    args = parser.parse_args()
    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    import onnxruntime
    sections = Sections(args, library)
    wanted = args.only.split(',') if args.only else list(sections.all)
    if set(wanted) - set(sections.all):
        parser.error(f'--only: there are {", ".join(sections.all)}')
    report = read_report(args.o)
    for title in sections.all:
        if title in wanted:
            report[title.capitalize()] = sections.all[title]()
            print(f'{title}:\n\n{report[title.capitalize()]}\n', flush=True)
    text = (f'Wake words (openWakeWord), one thread, {reprise.isa(library)}, ONNX Runtime '
            f'{onnxruntime.__version__}; `bench/wake.py` says what was measured\n')
    for title in sections.all:
        if title.capitalize() in report:
            text += f'\n## {title.capitalize()}\n\n{report[title.capitalize()]}\n'
    if args.o:
        with open(args.o, 'w', encoding='utf-8') as f:
            f.write(text)
    return 0


if __name__ == '__main__':
    sys.exit(main())
