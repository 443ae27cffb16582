# SPDX-License-Identifier: Apache-2.0
"""The tables of doc/paper.md, from what bench/paper.py measured."""
import numpy as np

from report import header, row

# What is published of the four; which network has which figure is assumed (doc/simulator.md).
TALK = {'autopilot': (77, 79), 'c3d': (69, 74), 'kaldi': (52, 55), 'eesen': (45, 53)}
DENSE, ORT, ALWAYS, LEVELS, WHOLE = 'dense', 'ort', 'always', 'levels', 'whole'
MORE = {LEVELS: '', ALWAYS: ', always corrected', WHOLE: ', f32 weights'}


class Result:
    """A network on one stream. found: by scheme, the run and the simulation; ms: ours and ONNX
    Runtime's in the same race; error; state: MB; counts: of recurrent layers (bench/paper.py)."""

    def __init__(self, case, found, ms, error, state, counts):
        self.case, self.found = case, found
        self.ms, self.error, self.state, self.counts = ms, error, state, counts

    def name(self, scheme):
        if scheme == DENSE:
            return 'off (dense)'
        name = f'`levels:{self.case.clusters}`' if scheme in MORE else f'`{scheme}`'
        return name + MORE.get(scheme, '')


def relative(outputs, reference):
    """Relative L2 over all executions: the mean norm of the differences by that of the outputs."""
    wrong = np.mean([np.linalg.norm(o - r) for o, r in zip(outputs, reference)])
    return float(wrong / np.mean([np.linalg.norm(r) for r in reference]))


def percent(x):
    return f'{100 * x:.1f} %'


def reuse_table(results):
    rows = header(['network', 'stream', 'executions', 'gate', 'similarity', 'MACs avoided',
                   'error of the output', 'the talk: similarity, MACs avoided'])
    for r in results:
        for scheme, (ran, sim) in r.found.items():
            talk = '{} %, {} %'.format(*TALK[r.case.network]) if scheme == LEVELS else ''
            rows.append(row([r.case.network, r.case.what, str(ran['frames']), r.name(scheme),
                             percent(sim['similarity']), percent(sim['reuse']),
                             f'{r.error[scheme]:.3f}', talk]))
    return rows


def time_table(results, isa, version):
    rows = [f'Milliseconds of processor time an execution, medians; ONNX Runtime {version}, {isa}.', '']
    rows += header(['network', 'stream', 'gate', 'ours', 'ONNX Runtime', 'against ONNX Runtime',
                    'against ours, dense', 'MB of state'])
    for r in results:
        dense = r.ms[DENSE][0] / r.ms[DENSE][1]
        for scheme, (ours, theirs) in r.ms.items():
            rows.append(row([r.case.network, r.case.what, r.name(scheme), f'{ours:.3f}', f'{theirs:.3f}',
                             f'{theirs / ours:.2f}x', f'{dense / (ours / theirs):.2f}x',
                             f'{r.state[scheme]:.2f}']))
    worst = {r.case.network: r.error[ORT] for r in results}
    return rows + ['', 'Our dense run and ONNX Runtime differ by (relative L2): '
                   + ', '.join(f'{n} {e:.0e}' for n, e in worst.items()) + '.']


def weights_table(results):
    """Of recurrent layers: what changed, what was read of the weights, and what that gains."""
    rows = header(['network', 'gate', 'inputs changed', 'bytes of weights read', 'time',
                   'time saved, of the share unchanged'])
    found = [r for r in results if r.counts[DENSE].any()]
    for r in found:
        dense, dense_bytes = r.ms[DENSE][0] / r.ms[DENSE][1], r.counts[DENSE][2]
        for scheme, (ours, theirs) in r.ms.items():
            inputs, changed, weight_bytes, _ = r.counts[scheme]
            if scheme == DENSE or not inputs:
                continue
            time, share = ours / theirs / dense, changed / inputs
            rows.append(row([r.case.network, r.name(scheme), percent(share), percent(weight_bytes / dense_bytes),
                             percent(time), f'{(1 - time) / (1 - share):.2f}']))
    return rows if found else ['No network with recurrent layers took part.']


def simulated_table(results):
    rows = header(['network', 'stream', 'gate', 'ms without reuse', 'with', 'speed-up',
                   'mJ without reuse', 'with', 'energy saved'])
    for r in results:
        for scheme, (_, sim) in r.found.items():
            base, reuse = sim['base'], sim['with_reuse']
            rows.append(row([r.case.network, r.case.what, r.name(scheme), f'{base["ms"]:.3f}',
                             f'{reuse["ms"]:.3f}', f'{sim["speedup"]:.2f}x',
                             f'{base["total_pj"]["nominal"] * 1e-9:.3f}',
                             f'{reuse["total_pj"]["nominal"] * 1e-9:.3f}',
                             percent(sim['energy_saved']['nominal'])]))
    return rows + ['', 'Published: 63 % of the energy saved on average. Recalled: 3.5x faster on '
                   'average, from 1.9x to 5.2x.']


def joined(layers):
    """The taps in depth of a volume's convolution, NAME/depthK, as one layer; they read one tensor."""
    found = {}
    for layer in layers:
        found.setdefault(layer['name'].split('/depth')[0], []).append(layer)
    return [{'name': name, 'similarity': each[0]['similarity'], 'macs': sum(n['macs'] for n in each),
             'reuse': sum(n['reuse'] * n['macs'] for n in each) / max(sum(n['macs'] for n in each), 1)}
            for name, each in found.items()]


def layer_table(results):
    """Similarity and MACs avoided of every layer, one column per scheme."""
    rows = []
    for r in results:
        schemes = list(r.found)
        rows += ['', f'{r.case.network}, {r.case.what}: similarity, MACs avoided', '']
        rows += header(['layer', 'M MACs'] + [r.name(s) for s in schemes])
        layers = {s: joined(r.found[s][1]['layers']) for s in schemes}
        for i, layer in enumerate(layers[schemes[0]]):
            cells = []
            for s in schemes:
                one = layers[s][i]
                cells.append(f'{percent(one["similarity"])}, {percent(one["reuse"])}')
            rows.append(row([layer['name'], f'{layer["macs"] * 1e-6:.3f}'] + cells))
    return rows[1:]


def centred_table(scalings):
    if not scalings:
        return ['Not measured: the network was left out.']
    layers = [layer['name'] for layer in next(iter(scalings.values()))[1]['layers']]
    rows = header(['kaldi, `levels:16`, similarity of'] + layers + ['all', 'error of the output'])
    for name, (error, sim) in scalings.items():
        rows.append(row([name] + [percent(n['similarity']) for n in sim['layers']]
                        + [percent(sim['similarity']), f'{error:.3f}']))
    return rows


def missing_lines(reasons):
    if not reasons:
        return ['All networks and streams took part.']
    return ['Left out:', ''] + [f'* {c.network} ({c.what}): {why}' for c, why in reasons]


def blocks(results, reasons, scalings, isa, version):
    return {'centred': centred_table(scalings), 'reuse': reuse_table(results), 'times': time_table(results, isa, version),
            'weights': weights_table(results),
            'simulated': simulated_table(results), 'layers': layer_table(results),
            'missing': missing_lines(reasons)}
