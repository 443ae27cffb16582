#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Five networks against their rivals: dense, on fixed cameras, and in memory.

usage: .venv/bin/python bench/networks.py [--build DIR] [--threads 1,2] [--frames N] [--networks A,B]
           [-o networks.md] [--plot networks.png]

All contestants run a frame before the next one begins, in an order that rotates, in one process.
Times are wall-clock around the call, the making of the rivals' float tensor not counted; the first
frame, which is always dense, is left out. Error: relative L2 of the worst output against our dense
run, that is the mean of the differences' norms over frames by the mean of the outputs' norms: an
empty frame has no error of its own. Where all outputs are empty in all frames, errors say nothing and
the stream does not count. Frame skipping: our dense run on every k-th frame, its outputs held in between;
its time is the median of the frames that it runs on over k.
"""
import argparse
import ctypes
import json
import os
import subprocess
import sys
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import reprise  # noqa: E402
import rivals  # noqa: E402
from bench import processor  # noqa: E402
from frames import frames  # noqa: E402
from report import header, note, publish, row  # noqa: E402
from rivals import FrameSkipping, OnnxRuntime, OpenVino, Ours, Tract  # noqa: E402
from streams import NETWORKS  # noqa: E402

RIVALS = (OnnxRuntime, OpenVino, Tract)
DENSE = 'dense'
GATES = ('exact', 'deadzone:0.7/255', 'deadzone:1/255', 'deadzone:1.5/255', 'deadzone:2/255', 'deadzone:4/255',
         'deadzone:8/255')
SKIPPED = (2, 3, 4, 6)
CAMERAS = {'street': 'vtest.avi', 'cup': 'cup.mp4', 'cube': 'cube.y4m'}  # all from frame 100
FIRST = 100
EMPTY = 1e-3  # an output whose values are all below that says nothing
MEMORY_FRAMES = 4


class Setting:
    """One network, with what it takes to make contestants."""

    def __init__(self, name, library, threads):
        self.name, self.threads = name, threads
        self.network = rivals.Network(*NETWORKS[name])
        self.path = os.path.join(ROOT, 'demo/models', name + '.onnx')
        self.model = reprise.Model(self.path, {None: self.network.shape}, library)
        self.reasons = {}

    def pictures(self, camera, count):
        path = os.path.join(ROOT, 'demo/streams', CAMERAS[camera])
        return frames(path, self.network.width, self.network.height, count, FIRST)

    def contestants(self, kinds, gates):
        """By name; who cannot take part is left out and the reason noted."""
        makers = {k.name: lambda k=k: k(self.path, self.network, self.threads) for k in kinds}
        makers.update({g: lambda g=g: Ours(self.model, self.network, 'off' if g == DENSE else g,
                                           self.threads) for g in gates})
        made = {}
        for name, make in makers.items():
            try:
                made[name] = make()
            except rivals.Unavailable as e:
                self.reasons[Ours.name if name in gates else name] = str(e)
        return made


class Record:
    """What one contestant did, the first frame left out. It runs on every k-th frame."""

    def __init__(self, every=1):
        self.every, self.ms = every, []
        self.differences, self.norms, self.largest = [], [], 0.0

    def take(self, outputs, reference):
        self.differences.append([np.linalg.norm(o - r) for o, r in zip(outputs, reference)])
        self.norms.append([np.linalg.norm(r) for r in reference])
        self.largest = max([self.largest] + [float(np.abs(r).max()) for r in reference])

    def median(self):
        return float(np.median(self.ms)) / self.every

    def error(self):
        return float((np.mean(self.differences, 0) / (np.mean(self.norms, 0) + 1e-30)).max())

    def empty(self):
        return self.largest < EMPTY

    def spread(self):
        low, middle, high = np.percentile(self.ms, (5, 50, 95))
        return f'{middle:.2f} ({low:.2f} to {high:.2f})'


def measure(contestants, pictures, kind=Record, clock=time.perf_counter):
    """Runs everybody on every picture. Errors are against our dense run, or else the first's."""
    names = list(contestants)
    records = {n: kind(getattr(contestants[n], 'every', 1)) for n in names}
    truth = DENSE if DENSE in contestants else names[0]
    for number, picture in enumerate(pictures):
        outputs, turn = {}, number % len(names)
        for name in names[turn:] + names[:turn]:
            prepared = contestants[name].prepare(picture)
            start = clock()
            result = contestants[name].run(prepared)
            milliseconds = (clock() - start) * 1e3
            outputs[name] = [np.array(r) for r in result]
            if number and prepared is not None:
                records[name].ms.append(milliseconds)
        if number:
            for name in names:
                records[name].take(outputs[name], outputs[truth])
    return records


def geometric(values):
    return float(np.exp(np.mean(np.log(values)))) if values else float('nan')


# ------------------------------------------------------------------------ dense


def dense_row(setting, count):
    """(cells, ratio of ours to the fastest rival or None)."""
    contestants = setting.contestants(RIVALS, (DENSE,))
    records = measure(contestants, setting.pictures('street', count))
    cells, others = [setting.name, str(setting.threads)], []
    for kind in RIVALS:
        if kind.name in records:
            others.append(records[kind.name].median())
        cells.append(records[kind.name].spread() if kind.name in records else '-')
    if DENSE not in records:
        return cells + ['-'] * 5, None
    ratio = min(others) / records[DENSE].median()
    errors = [f'{records[k.name].error():.0e}' if k.name in records else '-' for k in RIVALS]
    return cells + [records[DENSE].spread(), f'{ratio:.2f}'] + errors, ratio


def dense_table(settings, count):
    lines = header(['network', 'threads'] + [k.name for k in RIVALS]
                   + ['ours', 'speed against the fastest rival']
                   + [f'error {k.name}' for k in RIVALS])
    ratios = {}
    for setting in settings:
        cells, ratio = dense_row(setting, count)
        lines.append(row(cells))
        note(lines[-1])
        if ratio:
            ratios.setdefault(setting.threads, []).append(ratio)
    for threads, found in ratios.items():
        lines.append(row(['**geometric mean**', str(threads), '', '', '', '',
                          f'**{geometric(found):.2f}**', '', '', '']))
    return lines


# ---------------------------------------------------------------- fixed cameras


def run_camera(setting, camera, count):
    """Records by name for both rivals, dense, the gates and frame skipping; None without ours."""
    contestants = setting.contestants((OnnxRuntime, OpenVino), (DENSE,) + GATES)
    if DENSE not in contestants:
        return None
    contestants.update({f'skip {k}': FrameSkipping(contestants[DENSE], k) for k in SKIPPED})
    return measure(contestants, setting.pictures(camera, count))


def choose(records):
    """The fastest gate that errs no more than frame skipping on every second frame."""
    good = [g for g in GATES if records[g].error() <= records['skip 2'].error()]
    return min(good, key=lambda g: records[g].median())


def camera_tables(results):
    """The lines of the choice and of all gates. results: (setting, camera, records)."""
    chosen = header(['network', 'camera', 'threads', 'gate', 'ms', 'its error',
                     'error of every 2nd frame', 'ONNX Runtime ms', 'speed against it',
                     'against OpenVINO', 'against our dense'])
    every = header(['network', 'camera', 'threads', DENSE] + list(GATES)
                   + [f'skip {k}' for k in SKIPPED])
    speeds = {}
    for setting, camera, r in results:
        head = [setting.name, camera, str(setting.threads)]
        gate = choose(r)
        speed = [r[n].median() / r[gate].median() if n in r else None
                 for n in (OnnxRuntime.name, OpenVino.name, DENSE)]
        if r[DENSE].empty():
            head[1] += ' (empty outputs, not counted)'
        else:
            speeds.setdefault(setting.threads, []).append(speed)
        chosen.append(row(head + [gate, r[gate].spread(), f'{r[gate].error():.1e}',
                                  f'{r["skip 2"].error():.1e}', r[OnnxRuntime.name].spread()]
                          + [f'{s:.2f}' if s else '-' for s in speed]))
        every.append(row(head + [f'{r[DENSE].median():.2f}']
                         + [f'{r[g].median():.2f}, {r[g].error():.0e}' for g in GATES]
                         + [f'{r[f"skip {k}"].median():.2f}, {r[f"skip {k}"].error():.0e}'
                            for k in SKIPPED]))
    for threads, found in speeds.items():
        means = [geometric([s for s in column if s]) for column in zip(*found)]
        chosen.append(row([f'**geometric mean of {len(found)}**', '', str(threads)] + [''] * 5
                          + [f'**{m:.2f}**' for m in means]))
    return chosen, every


# ----------------------------------------------------------------------- memory


def status(key):
    with open('/proc/self/status', encoding='ascii') as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith(key + ':'))


def settle():
    """Gives freed memory back; returns what is resident."""
    ctypes.CDLL(None).malloc_trim(0)
    return status('VmRSS')


def own_memory(name, who, library):
    """In a process of its own: bytes that loading leaves resident, and that running adds at most."""
    network = rivals.Network(*NETWORKS[name])
    path = os.path.join(ROOT, 'demo/models', name + '.onnx')
    pictures = frames(os.path.join(ROOT, 'demo/streams', CAMERAS['street']), network.width,
                      network.height, MEMORY_FRAMES, FIRST)
    kinds = {k.name: k for k in RIVALS}
    if who in kinds:
        prepare = kinds[who](path, network).prepare
        prepared = [prepare(p) for p in pictures]  # also loads the rival's own code
        del prepare
        start = settle()
        contestant, state = kinds[who](path, network), None
    else:
        prepared = pictures
        start = settle()
        model = reprise.Model(path, {None: network.shape}, library)
        contestant = None
    loaded = settle()
    with open('/proc/self/clear_refs', 'w', encoding='ascii') as f:
        f.write('5')  # the peak begins anew
    if contestant is None:
        contestant = Ours(model, network, who)
        state = contestant.stream.state_bytes()
    for p in prepared:
        contestant.run(p)
    return {'loaded': loaded - start, 'ran': status('VmHWM') - loaded, 'state': state}


def memory_table(names, build):
    contestants = [k.name for k in RIVALS] + ['off', 'deadzone:2/255']
    lines = header(['network'] + [k.name for k in RIVALS]
                   + ['ours dense', 'its state', 'ours deadzone:2/255', 'its state'])
    for name in names:
        cells = [name]
        for who in contestants:
            done = subprocess.run(
                [sys.executable, os.path.abspath(__file__), '--build', build, '--memory', name, who],
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=False)
            if done.returncode:
                cells.append('-')
                continue
            m = json.loads(done.stdout)
            cells.append(f'{m["loaded"] / 2**20:.1f} + {m["ran"] / 2**20:.1f}')
            if m['state'] is not None:
                cells.append(f'{m["state"] / 2**20:.1f}')
        lines.append(row(cells))
        note(lines[-1])
    return lines


# ------------------------------------------------------------------------- plot

FLOOR, CEILING = 1e-3, 2  # smaller and larger errors are drawn there


def plot(results, path):
    """Error against time per frame: a column per network, a row per camera; the first threads only."""
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    threads = results[0][0].threads
    results = [r for r in results if r[0].threads == threads]
    names = list(dict.fromkeys(s.name for s, _, _ in results))
    cameras = list(dict.fromkeys(c for _, c, _ in results))
    figure, axes = plt.subplots(len(cameras), len(names), squeeze=False, sharex=True, sharey='col',
                                figsize=(3.3 * len(names) + 0.6, 2.9 * len(cameras) + 0.9))
    for setting, camera, records in results:
        panel(axes[cameras.index(camera)][names.index(setting.name)], records)
    for column in axes.T:
        column[0].set_ylim(0, 1.1 * max(axis.dataLim.y1 for axis in column))
    for i, camera in enumerate(cameras):
        axes[i][0].set_ylabel(f'{camera}: ms per frame', fontsize=11)
    for j, name in enumerate(names):
        axes[0][j].set_title(name, fontsize=13)
        axes[-1][j].set_xlabel('error (relative L2)', fontsize=11)
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc='upper center', ncol=len(labels), fontsize=11, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.45 / figure.get_figheight()))
    figure.savefig(path, dpi=110)


def panel(axis, records):
    def point(name):
        return min(max(records[name].error(), FLOOR), CEILING), records[name].median()

    def line(names, labels, marker, colour, legend, beside):
        points = [point(n) for n in names]
        axis.plot(*zip(*points), marker, color=colour, label=legend, markersize=5)
        for at, text in zip(points, labels):
            axis.annotate(text, at, xytext=(beside, 0), textcoords='offset points', fontsize=9,
                          color=colour, va='center', ha='left' if beside > 0 else 'right')

    line(GATES, ['', '1', '2', '4', '8'], 'o-', 'tab:blue', 'our gates: exact, dead zone in 1/255', 6)
    line([f'skip {k}' for k in SKIPPED], map(str, SKIPPED), 's--', 'tab:red',
         'our dense run on every k-th frame', -6)
    # Dense runs err by rounding only: they stand in a row at the left.
    for aside, name, marker, colour in ((1.4, DENSE, 'v', 'tab:green'),
                                        (2.0, OnnxRuntime.name, '^', 'black'),
                                        (2.8, OpenVino.name, 'D', 'tab:purple')):
        if name in records:
            axis.plot(FLOOR * aside, records[name].median(), marker, color=colour, markersize=6,
                      linestyle='none', label='our dense run' if name == DENSE else name)
    axis.set_xscale('log')
    axis.set_xlim(FLOOR / 1.6, CEILING * 1.6)
    axis.set_xticks([1e-3, 1e-2, 1e-1, 1], ['≤ .001', '.01', '.1', '1'])
    axis.grid(True, alpha=0.3)


# ------------------------------------------------------------------------- main


def report(settings, args, isa):
    """The lines of networks.md."""
    versions = ', '.join(f'{k.name} {k.version()}' for k in RIVALS)
    lines = [f'{processor()}, bundle {isa}; {versions}. {args.frames} frames of each stream from frame '
             f'{FIRST}; milliseconds: median (5 to 95 %).',
             f'Load average of the machine before: {os.getloadavg()[0]:.1f}.', '', '### Dense', '',
             'On the street camera. Error: against our dense run.', '']
    lines += dense_table(settings, args.frames)
    results = []
    for setting in settings:
        for camera in CAMERAS:
            records = run_camera(setting, camera, args.frames)
            if records is None:
                break
            results.append((setting, camera, records))
            note(f'{setting.name} {camera} {setting.threads}: '
                 + ', '.join(f'{n} {r.median():.2f}' for n, r in records.items()))
    lines += ['', *(f'* {who}, {n}, {t} thread{"s" * (t > 1)}: {why}'
                    for t, n, who, why in absences(settings))]
    if results:
        chosen, every = camera_tables(results)
        lines += ['', '### Fixed cameras', '',
                  'The fastest gate that errs no more than our dense run on every second frame.', '',
                  *chosen, '', 'All of them: milliseconds, error.', '', *every]
        if args.plot:
            plot(results, args.plot)
    if not args.no_memory:
        lines += ['', '### Memory', '',
                  'MiB that loading leaves resident + that four frames add at their peak, each in a '
                  'process of its own, one thread.', '',
                  *memory_table(list(dict.fromkeys(s.name for s in settings)), args.build)]
    return lines


def absences(settings):
    """(threads, network or networks, who, reason), the same reasons joined."""
    joined = {}
    for s in settings:
        for who, why in s.reasons.items():
            joined.setdefault((s.threads, who, why), []).append(s.name)
    return [(t, ' '.join(names), who, why)
            for (t, who, why), names in joined.items()]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default='build', help='build directory')
    parser.add_argument('--threads', default='1,2')
    parser.add_argument('--frames', type=int, default=25)
    parser.add_argument('--networks', default=','.join(NETWORKS))
    parser.add_argument('--no-memory', action='store_true', help='leave the table of memory out')
    parser.add_argument('--memory', nargs=2, metavar=('NETWORK', 'WHO'),
                        help='only this, as JSON (used for the table)')
    parser.add_argument('--plot', help='PNG or SVG file')
    parser.add_argument('-o', '--output', help='markdown file; the tables are printed as well')
    args = parser.parse_args()
    if args.frames <= max(SKIPPED):
        parser.error(f'--frames: more than {max(SKIPPED)}')
    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    if args.memory:
        print(json.dumps(own_memory(*args.memory, library)))
        return 0
    settings = [Setting(name, library, int(threads)) for threads in args.threads.split(',')
                for name in args.networks.split(',')]
    publish('\n'.join(report(settings, args, reprise.isa(library))) + '\n', args.output)
    return 0


if __name__ == '__main__':
    sys.exit(main())
