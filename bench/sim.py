#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The simulated accelerator: every table and the picture of doc/simulator.md.

usage: .venv/bin/python bench/sim.py [--build DIR] [--frames N] [--doc FILE.md] [--plot FILE.svg]

Traces nanodet on the street video behind three gates, simulates each, runs the paper's networks and
the sensitivities, and times the simulator itself on one core.
"""
import argparse
import json
import os
import resource
import subprocess
import sys
import tempfile

import matplotlib
matplotlib.use('svg')
import matplotlib.pyplot as plt  # noqa: E402

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

from report import put_in  # noqa: E402

GATES = ('levels:32', 'deadzone:2/255', 'deadzone:4/255')
SKIP = 100

# What is drawn together: counts of cycles, and parts of the energy.
CYCLES = (('lanes at work', ('cycles_compute',)),
          ('waiting: no change found', ('stall_scan',)),
          ('waiting: DRAM', ('stall_dram',)),
          ('waiting: buffers, ring', ('stall_weights', 'stall_io', 'stall_ring')),
          ('finish, fill', ('cycles_finish', 'cycles_fill')))
ENERGY = (('weights buffer', ('weights buffer',)),
          ('I/O buffer', ('I/O buffer',)),
          ('compute, compare, ring', ('compute', 'quantise and compare', 'ring')),
          ('DRAM', ('DRAM', 'DRAM background')),
          ('leakage, refresh', ('weights buffer leakage', 'weights buffer refresh',
                                'I/O buffer leakage', 'logic leakage')))


def run(*command):
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    if done.returncode:
        sys.exit(f'{" ".join(command)}: exit code {done.returncode}')
    return done.stdout


def simulate(reprise, *what):
    return json.loads(run(reprise, 'sim', *what, '--json', '-'))


def nanodet(reprise, frames):
    """One simulation per gate, with the size of its trace; and the last gate, compares swept."""
    results = {}
    with tempfile.TemporaryDirectory() as folder:
        trace = os.path.join(folder, 'nanodet.trace')
        for gate in GATES:
            run(reprise, 'run', 'demo/models/nanodet.onnx', 'demo/streams/vtest.avi', '--skip',
                str(SKIP), '--frames', str(frames), '--gate', gate, '--all-gates', '--weights', 'f32', '--trace',
                trace)
            results[gate] = simulate(reprise, '--trace', trace), os.path.getsize(trace)
        sweep = simulate(reprise, '--trace', trace, '--sweep', 'pipeline.compares=1,2,4,8,16')
    return results, sweep


def nanodet_table(results):
    rows = ['| gate | trace, MB | similarity | MACs skipped | ms a frame | speed-up | mJ a frame '
            '(low to high) | energy saved | DRAM, MB a frame |',
            '|---|---|---|---|---|---|---|---|---|']
    base = results[GATES[0]][0]['base']

    def energy(total):
        return '{:.1f} ({:.1f} to {:.1f})'.format(*(total[k] * 1e-9
                                                    for k in ('nominal', 'low', 'high')))

    def dram(counts):
        return (counts['dram_read'] + counts['dram_write']) * 1e-6

    rows.append(f'| without reuse | | | | {base["ms"]:.2f} | 1 | {energy(base["total_pj"])} | | '
                f'{dram(base["counts"]):.1f} |')
    for gate, (r, size) in results.items():
        w = r['with_reuse']
        rows.append(f'| `{gate}` | {size * 1e-6:.1f} | {100 * r["similarity"]:.1f} % | '
                    f'{100 * r["reuse"]:.1f} % | {w["ms"]:.2f} | {r["speedup"]:.2f}x | '
                    f'{energy(w["total_pj"])} | {100 * r["energy_saved"]["nominal"]:.1f} % | '
                    f'{dram(w["counts"]):.1f} |')
    return rows


def stack(axis, bars, groups, value, unit):
    """Stacked horizontal bars with a legend below."""
    left = [0.0] * len(bars)
    colours = plt.get_cmap('tab10').colors
    for (name, keys), colour in zip(groups, colours):
        widths = [sum(value(b, k) for k in keys) for _, b in bars]
        axis.barh([n for n, _ in bars], widths, left=left, label=name, color=colour, height=0.6)
        left = [a + b for a, b in zip(left, widths)]
    for i, total in enumerate(left):
        axis.text(total, i, f' {total:.1f}', va='center')
    axis.set_xlabel(unit)
    axis.set_xlim(0, max(left) * 1.12)
    axis.invert_yaxis()
    axis.spines[['top', 'right']].set_visible(False)
    axis.legend(loc='lower right', fontsize='small', frameon=False)


def plot(results, path):
    matplotlib.rcParams['svg.hashsalt'] = 'reprise'
    matplotlib.rcParams['svg.fonttype'] = 'none'
    bars = [('without reuse', results[GATES[0]][0]['base'])]
    bars += [(gate, r['with_reuse']) for gate, (r, _) in results.items()]
    figure, (above, below) = plt.subplots(2, 1, figsize=(8.5, 7))
    stack(above, bars, CYCLES, lambda b, k: b['counts'][k] * 1e-6, 'million cycles a frame')
    stack(below, bars, ENERGY, lambda b, k: b['energy_pj'][k]['nominal'] * 1e-9, 'mJ a frame')
    above.set_title('nanodet on a street camera, simulated accelerator')
    figure.tight_layout()
    # No dates and addresses in the file.
    nothing = dict.fromkeys(('Creator', 'Date', 'Format', 'Type'))
    figure.savefig(path, metadata=nothing)


def timed(*command):
    """Processor seconds: one thread, so what others do on the machine does not count."""
    def used():
        u = resource.getrusage(resource.RUSAGE_CHILDREN)
        return u.ru_utime + u.ru_stime
    start = used()
    run(*command)
    return used() - start


def speed(reprise):
    """How fast the simulator itself is; one process, one core, both machines simulated."""
    pair = min(timed(reprise, 'sim', '--net', 'c3d', '--similarity', '0.69', '--executions', '1',
                     '--json', os.devnull) for _ in range(5))
    few, many = (min(timed(reprise, 'sim', '--net', 'autopilot', '--similarity', '0.77',
                           '--executions', str(n), '--json', os.devnull) for _ in range(5))
                 for n in (100, 2100))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    return pair, 2000 / (many - few), peak


def compares_table(sweep):
    rows = [f'| `pipeline.compares`, `{GATES[-1]}` | speed-up | energy saved | cycles without a '
            'change found |', '|---|---|---|---|']
    for p in sweep['points']:
        c = p['with_reuse']['counts']
        rows.append(f'| {p["value"]} | {p["speedup"]:.2f}x | '
                    f'{100 * p["energy_saved"]["nominal"]:.1f} % | '
                    f'{100 * c["stall_scan"] / c["cycles"]:.1f} % |')
    return rows


def figures_table(paper):
    """The paper's figures beside ours, at the talk's similarities and at its MACs avoided."""
    rows = ['| figure | the paper\'s | how known | ours | over all assignments | at the MACs avoided |',
            '|---|---|---|---|---|---|']
    both = zip(paper['at_similarities']['figures'], paper['at_macs_avoided']['figures'])
    for f, other in both:
        low, high = f['lowest'], f['highest']
        span = '' if low is None else f'{low:.2f} to {high:.2f}'
        rows.append(f'| {f["figure"]} | {f["paper"]:g} {f["unit"]} | {f["how"]} | '
                    f'**{f["ours"]:.2f}** | {span} | {other["ours"]:.2f} |')
    rows += ['| speed-up, energy per network; similarity per layer; energy by component | no '
             'reference value | | | | |',
             '| accuracy | minor loss | published | not simulated | | |', '',
             '| network | similarity | speed-up | energy saved | MACs avoided | speed-up | energy '
             'saved |', '|---|---|---|---|---|---|---|']
    both = zip(paper['at_similarities']['networks'], paper['at_macs_avoided']['networks'])
    for n, other in both:
        rows.append(f'| {n["name"]} | {100 * n["similarity"]:.0f} % | {n["speedup"]:.2f}x | '
                    f'{100 * n["energy_saved"]:.1f} % | {100 * other["similarity"]:.0f} % | '
                    f'{other["speedup"]:.2f}x | {100 * other["energy_saved"]:.1f} % |')
    return rows


def sensitivity_table(effects):
    """Only what moves a figure by more than rounding, largest effect on speed or energy first."""
    plain = effects[0]

    def size(e):
        return max(abs(e['speedup'] / plain['speedup'] - 1),
                   abs(e['energy_saved'] - plain['energy_saved']),
                   abs(e['area_added'] - plain['area_added']))

    effects = [e for e in effects if e['speedup'] is not None]
    rows = ['| changed | speed-up | energy saved | area added |', '|---|---|---|---|']
    for e in [plain] + sorted(effects[1:], key=size, reverse=True):
        if e is plain or size(e) >= 5e-4:
            rows.append(f'| {e["what"]} | {e["speedup"]:.2f}x | {100 * e["energy_saved"]:.1f} % | '
                        f'{100 * e["area_added"]:.2f} % |')
    return rows


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'))
    parser.add_argument('--frames', type=int, default=300)
    parser.add_argument('--doc', default=os.path.join(ROOT, 'doc', 'simulator.md'))
    parser.add_argument('--plot', default=os.path.join(ROOT, 'doc', 'simulator-nanodet.svg'))
    options = parser.parse_args()
    reprise = os.path.abspath(os.path.join(options.build, 'reprise'))

    # Before the traces: the largest child until here is the simulator.
    pair, rate, peak = speed(reprise)
    results, sweep = nanodet(reprise, options.frames)
    plot(results, options.plot)
    blocks = {
        'nanodet': nanodet_table(results),
        'compares': compares_table(sweep),
        'paper': figures_table(json.loads(run(reprise, 'sim', '--paper', '--json', '-'))),
        'sensitivity': sensitivity_table(
            json.loads(run(reprise, 'sim', '--sensitivity', '--json', '-'))['effects']),
        'speed': [f'C3D, a first clip and a further one: {pair:.2f} s. AutoPilot: {rate:.0f} '
                  f'frames/s. Peak memory of either: {peak:.0f} MB.']}
    put_in(options.doc, 'make sim', blocks)
    for name, lines in blocks.items():
        print(f'\n{name}\n\n' + '\n'.join(lines))


main()
