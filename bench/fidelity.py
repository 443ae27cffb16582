#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What error a budget buys, on frames that calibration did not see: tables and plots.

usage: .venv/bin/python bench/fidelity.py [--build DIR] [--parts boxes,cameras] [--budgets E,E]
                                          [--gates G,G] [--networks A,B] [--cameras A,B]
                                          [--frames N] [--keep DIR] [-o FILE.md] [--plots DIR]

boxes: nanodet, calibrated on frames 0 to 99 of vtest.avi for some losses of F1 and run on frames 400
to 794, beside uniform gates. cameras: `reprise calibrate --pareto` for networks and fixed cameras;
measured on the last fifth of the frames, which the search does not see. Only counts and errors are
measured, so nothing depends on how busy the machine is.
"""
import argparse
import csv
import json
import math
import os
import subprocess
import sys
import tempfile

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

from report import header, note, publish, row  # noqa: E402

STREAMS = {'street': 'vtest.avi', 'cup': 'cup.mp4', 'cube': 'cube.y4m'}
# options, and frames of a sample: a network that takes long gets fewer
NETWORKS = {
    'blazeface': (['--range=-1..1'], 120),
    'movenet': (['--range=0..255'], 120),
    'selfie': ([], 120),
    'ppocr-det': (['--range=-1..1', '--shape=1,3,320,320'], 50),
}
EMPTY = {('ppocr-det', 'street')}  # no writing in the picture: outputs near zero, any error is large
BUDGET = 0.05
BUDGETS = '0.01,0.02,0.03'  # losses of F1
UNIFORM = 'deadzone:2/255,deadzone:3/255,deadzone:4/255,deadzone:5/255,levels:32'
STYLES = {'plan': ('o-', 'tab:blue', 'calibrated plan, thresholds scaled'),
          'deadzone': ('s-', 'tab:orange', 'one dead-zone for all layers'),
          'levels': ('^-', 'tab:green', 'levels:C'),
          'whole pixels': ('D:', 'tab:purple', 'whole pixels (counted)'),
          'skipping': ('x--', 'tab:red', 'every k-th frame')}


def stream(name):
    return os.path.join(ROOT, 'demo/streams', STREAMS[name])


def model(name):
    return os.path.join(ROOT, 'demo/models', name + '.onnx')


def run(build, *arguments):
    command = [os.path.join(ROOT, build, 'reprise'), *map(str, arguments)]
    note(' '.join(command[1:]))
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)


# ------------------------------------------------------------------------ boxes


def judge(build, folder, gate):
    """F1 and share of MACs on frames 400 to 794."""
    path = os.path.join(folder, 'run.json')
    run(build, 'verify', model('nanodet'), stream('street'), '--skip', 400, '--frames', 395,
        '--decode', 'nanodet', '--oracle-every', 0, *gate, '--json', path)
    with open(path, encoding='utf-8') as f:
        result = json.load(f)
    return result['error']['f1'], 1 - result['reuse']


def boxes_table(build, folder, budgets, gates):
    lines = header(['gates', 'F1, seen', 'F1, held back', 'F1, frames 400 to 794',
                    'MACs there'])
    for budget in budgets:
        plan = os.path.join(folder, f'nanodet-{budget}.json')
        if not os.path.exists(plan):
            run(build, 'calibrate', model('nanodet'), stream('street'), '--frames', 100, '--metric',
                'f1', '--decode', 'nanodet', '--budget', budget, '-o', plan)
        with open(plan, encoding='utf-8') as f:
            found = json.load(f)
        f1, share = judge(build, folder, ['--plan', plan])
        lines.append(row([f'calibrated, budget {budget:g}', f"{1 - found['seen']['error']:.4f}",
                          f"{1 - found['held_back']['error']:.4f}", f'{f1:.4f}', f'{share:.1%}']))
        note(lines[-1])
    for gate in gates:
        f1, share = judge(build, folder, ['--gate', gate])
        lines.append(row([gate, '', '', f'{f1:.4f}', f'{share:.1%}']))
        note(lines[-1])
    return lines


# ---------------------------------------------------------------------- cameras


def points_of(build, folder, network, camera, frames):
    """Points by scheme, by falling work: (error, MAC share, time share or None). 'frames': how many
    were judged; 'chosen': error and MAC share of the plan as it was found."""
    options, most = NETWORKS[network]
    path = os.path.join(folder, f'{network}-{camera}.csv')
    if not os.path.exists(path):
        run(build, 'calibrate', model(network), stream(camera), '--frames', min(frames, most),
            '--budget', BUDGET, '--pareto', *options, '-o', path)
    schemes = {}
    with open(path, encoding='utf-8', newline='') as f:
        for p in csv.DictReader(f):
            time = float(p['cost_share']) if p['cost_share'] else None
            point = (float(p['error']), float(p['mac_share']), time)
            schemes.setdefault(p['scheme'], []).append(point)
            if p['scheme'] == 'plan' and float(p['parameter']) == 1:
                chosen, count = point[:2], int(p['frames'])
    for points in schemes.values():
        points.sort(key=lambda p: -p[1])
    return {**schemes, 'chosen': chosen, 'frames': count}


def share_at(points, error):
    """Work at an error, between the two points round it; a dense run has none and needs all."""
    before = (1e-6, 1.0)
    for e, share, _ in points:
        if e > error:
            low, high = max(before[0], 1e-6), max(e, 1e-6)
            part = math.log(error / low) / math.log(high / low) if high > low else 1.0
            return before[1] + (share - before[1]) * min(max(part, 0.0), 1.0)
        before = (e, share)
    return before[1]


def skipping_at(points, error):
    """Work of frame skipping at an error, which grows in proportion to the frames left out."""
    before = (0.0, 1.0)
    for e, share, _ in points:
        if e > error:
            return before[1] + (share - before[1]) * (error - before[0]) / (e - before[0])
        before = (e, share)
    return before[1]


def cameras_table(results):
    lines = header(['network', 'camera', 'frames judged', 'error of the plan', 'its MACs',
                    f'MACs at error {BUDGET}: plan', 'one dead-zone', 'skipping',
                    'plan / dead-zone', 'plan / skipping'])
    for network, camera, frames, s in results:
        at = [share_at(s['plan'], BUDGET), share_at(s['deadzone'], BUDGET),
              skipping_at(s['skipping'], BUDGET) if 'skipping' in s else None]
        error, share = s['chosen']
        lines.append(row([network, camera + (' (empty outputs, not counted)'
                                             if (network, camera) in EMPTY else ''),
                          str(frames), f'{error:.3f}', f'{share:.1%}']
                         + [f'{a:.1%}' if a else '' for a in at]  # too few frames to skip any
                         + [f'{at[0] / a:.2f}' if a else '' for a in at[1:]]))
    return lines


def plot(results, path, axis_of, label):
    import matplotlib
    matplotlib.use('Agg')
    import matplotlib.pyplot as plt
    networks = list(dict.fromkeys(r[0] for r in results))
    cameras = list(dict.fromkeys(r[1] for r in results))
    figure, axes = plt.subplots(len(networks), len(cameras), squeeze=False, sharex=True, sharey=True,
                                figsize=(3.2 * max(len(cameras), 2) + 0.6,
                                         2.7 * len(networks) + 0.9))
    for network, camera, _, schemes in results:
        axis = axes[networks.index(network)][cameras.index(camera)]
        for scheme, (style, colour, legend) in STYLES.items():
            points = [(max(p[0], 1e-3), p[axis_of]) for p in schemes.get(scheme, ())
                      if p[axis_of] is not None]
            if points:
                axis.plot(*zip(*points), style, color=colour, label=legend, markersize=4)
        axis.axvline(BUDGET, color='grey', linewidth=0.8)
        axis.set_xscale('log')
        axis.set_xlim(1e-3, 1.5)
        axis.grid(True, alpha=0.3)
    axes[0][0].set_ylim(bottom=0)
    for i, network in enumerate(networks):
        axes[i][0].set_ylabel(f'{network}: {label}')
    for j, camera in enumerate(cameras):
        axes[0][j].set_title(camera)
        axes[-1][j].set_xlabel('error (relative L2)')
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc='upper center', ncol=3, frameon=False)
    figure.tight_layout(rect=(0, 0, 1, 1 - 0.65 / figure.get_figheight()))
    figure.savefig(path, dpi=100)


# ------------------------------------------------------------------------- main


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default='build')
    parser.add_argument('--parts', default='boxes,cameras')
    parser.add_argument('--networks', default=','.join(NETWORKS))
    parser.add_argument('--cameras', default=','.join(STREAMS))
    parser.add_argument('--budgets', default=BUDGETS, help='losses of F1 for nanodet')
    parser.add_argument('--gates', default=UNIFORM, help='uniform ones, beside them')
    parser.add_argument('--frames', type=int, default=120, help='of a camera, at most')
    parser.add_argument('--keep', help='folder for plans and measured points; what is there stays')
    parser.add_argument('--plots', help='folder for fidelity-macs.png and fidelity-time.png')
    parser.add_argument('-o', '--output', help='markdown file; the tables are printed as well')
    args = parser.parse_args()
    lines = []
    with tempfile.TemporaryDirectory() as scratch:
        folder = args.keep or scratch
        os.makedirs(folder, exist_ok=True)
        if 'boxes' in args.parts:
            table = boxes_table(args.build, folder, map(float, args.budgets.split(',')),
                                args.gates.split(','))
            lines += ['### nanodet on the street camera', '', *table, '']
        if 'cameras' in args.parts:
            results = cameras(args, folder)
            lines += ['### Fixed cameras', '', *cameras_table(results), '']
            if args.plots:
                plot(results, os.path.join(args.plots, 'fidelity-macs.png'), 1, 'MACs')
                plot(results, os.path.join(args.plots, 'fidelity-time.png'), 2, 'modelled time')
    publish('\n'.join(lines), args.output)
    return 0


def cameras(args, folder):
    """[(network, camera, frames judged, points by scheme)]."""
    results = []
    for network in args.networks.split(','):
        for camera in args.cameras.split(','):
            schemes = points_of(args.build, folder, network, camera, args.frames)
            results.append((network, camera, schemes.pop('frames'), schemes))
    return results


if __name__ == '__main__':
    sys.exit(main())
