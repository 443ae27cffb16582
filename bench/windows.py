#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""C3D on clips that advance by one picture: shift, delta, and both (doc/time.md).

usage: .venv/bin/python bench/windows.py [--build DIR] [--models DIR] [--video FILE] [--clips N]
           [--gates G,G] [--unpadded T,T] [-o FILE.md]

Needs c3d.onnx (training/paper_networks.py; random weights). Four streams see the same pictures: whole
clips densely (the reference) and behind a gate (delta), and the new picture only, without a gate
(shift) and with it (both); ONNX Runtime sees whole clips. Counted are multiply-accumulates of the
convolutions, up to the first affine layer; errors are relative L2 of the output against the reference,
over the clips. Times are of the processor, one thread, all in turn: medians, the first clip left out.
"""
import argparse
import os
import statistics
import sys
import tempfile
import time

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))
sys.path.insert(0, os.path.join(ROOT, 'training'))

import reprise  # noqa: E402
import rivals  # noqa: E402
from paper import pictures  # noqa: E402
from report import header, note, publish, row  # noqa: E402

CLIP, AXIS = 16, 2
GATES = 'deadzone:2/255,deadzone:8/255,levels:32'


class Lane:
    """One stream, and what it did."""

    def __init__(self, model, gate):
        self.model, self.stream = model, model.stream(gate, bypass=0)
        self.conv = [i for i, l in enumerate(model.layers()) if l.op == b'Conv']
        self.done, self.off, self.size, self.worst, self.ms = 0, 0.0, 0.0, 0.0, []

    def run(self, x):
        start = time.thread_time()
        out = self.stream.run_shared(x)[0]
        self.ms.append((time.thread_time() - start) * 1e3)
        return out

    def judge(self, ours, dense, first):
        """The first clip is computed from nothing: its work is not counted."""
        layers = self.stream.layer_stats()
        self.done += 0 if first else sum(layers[i].macs_executed for i in self.conv)
        self.off += float(np.vdot(ours - dense, ours - dense))
        self.size += float(np.vdot(dense, dense))
        self.worst = max(self.worst, float(np.abs(ours - dense).max()))


class Theirs:
    """ONNX Runtime on whole clips: only timed."""

    def __init__(self, path):
        self.ort, self.ms = rivals.OnnxRuntime(path, None), []

    def run(self, x):
        start = time.thread_time()
        self.ort.run({self.ort.input: x})
        self.ms.append((time.thread_time() - start) * 1e3)


def run(args, library):
    """By name of a scheme: its lane; the model on new pictures; and ONNX Runtime."""
    path = os.path.join(args.models, 'c3d.onnx')
    whole = reprise.Model(path, library=library)
    hop = reprise.Model(path, library=library, window=(AXIS, CLIP, 1))
    seen = pictures.c3d_frames(args.video, CLIP + args.clips - 1, 100)
    dense, theirs = Lane(whole, 'off'), Theirs(path)
    clips = {'dense': dense}
    columns = {'shift': Lane(hop, 'off'), 'shift, exact gates': Lane(hop, 'exact')}
    for gate in args.gates.split(','):
        clips['delta, ' + gate] = Lane(whole, gate)
        columns['both, ' + gate] = Lane(hop, gate)
    for at in range(len(seen)):
        new = [(lane, lane.run(seen[at][None, :, None])) for lane in columns.values()]
        if at < CLIP - 1:
            continue
        clip = np.ascontiguousarray(seen[at - CLIP + 1:at + 1].swapaxes(0, 1)[None])
        theirs.run(clip)
        old = [(lane, lane.run(clip)) for lane in clips.values()]
        for lane, ours in old + new:
            lane.judge(ours, old[0][1], at == CLIP - 1)
        note(f'clip {at - CLIP + 2} of {args.clips}')
    return {**clips, **columns}, hop, theirs


def table(lanes, theirs):
    dense, them = lanes['dense'].done, statistics.median(theirs.ms[1:])
    lines = header(['scheme', 'MACs of the convolutions', 'error', 'largest difference', 'MiB of a stream',
                    'ms', 'against ONNX Runtime'])
    lines.append(row(['ONNX Runtime', '', '', '', '', f'{them:.0f}', '1.00x']))
    for name, lane in lanes.items():
        ms = statistics.median(lane.ms[-len(theirs.ms) + 1:])
        lines.append(row([name, f'{lane.done / dense:.1%}', f'{(lane.off / lane.size) ** 0.5:.1e}',
                          f'{lane.worst:.1e}', f'{lane.stream.state_bytes() / 2**20:.0f}', f'{ms:.0f}',
                          f'{them / ms:.2f}x']))
    return lines


def verdicts(model):
    names = ['as without a window', 'shifted', 'summed', 'whole']
    lines = header(['layer', 'operator', 'verdict', 'columns computed', 'MACs of a call, of a clip (millions)'])
    for l in model.window_layers():
        what = names[l.verdict] + (f': {l.reason.decode()}' if l.reason else '')
        lines.append(row([l.name.decode(), l.op.decode(), what,
                          f'{l.computed} of {l.columns}' if l.columns else '',
                          f'{l.macs_hop / 1e6:.0f}, {l.macs / 1e6:.0f}' if l.macs else '']))
    return lines


def unpadded(args, library, length):
    """C3D's convolutions on clips of another length, not padded in time where three pictures are left:
    share of a call's multiply-accumulates."""
    import onnx
    path = os.path.join(args.models, 'c3d.onnx')
    graph = onnx.load(path).graph
    nodes, left, last = [], length, None
    for node in graph.node:
        if node.op_type not in ('Conv', 'Relu', 'MaxPool'):
            break
        attributes = {a.name: a.ints for a in node.attribute}
        if node.op_type == 'Conv' and left >= 3:
            attributes['pads'][0] = attributes['pads'][3] = 0
            left -= 2
        elif node.op_type == 'MaxPool':
            depth = min(attributes['kernel_shape'][0], left)
            attributes['kernel_shape'][0] = attributes['strides'][0] = depth
            left //= depth
        nodes.append(node)
        last = node.output[0]
    shape = [1, 3, length, 112, 112]
    kept = onnx.helper.make_graph(
        nodes, 'unpadded',
        [onnx.helper.make_tensor_value_info(graph.input[0].name, onnx.TensorProto.FLOAT, shape)],
        [onnx.helper.make_tensor_value_info(last, onnx.TensorProto.FLOAT, None)],
        [i for i in graph.initializer if any(i.name in n.input for n in nodes)])
    model = onnx.helper.make_model(kept, opset_imports=onnx.load(path, load_external_data=False).opset_import)
    with tempfile.NamedTemporaryFile(suffix='.onnx') as f:
        f.write(model.SerializeToString())
        f.flush()
        window = reprise.Model(f.name, library=library, window=(AXIS, length, 1)).window()
    return window.macs_hop / window.macs


def lengths(args, library):
    lines = header(['pictures in a clip', 'MACs of a call, of those of a clip'])
    for length in map(int, args.unpadded.split(',')):
        lines.append(row([str(length), f'{unpadded(args, library, length):.1%}']))
    return ['Not padded in time (where three pictures are left), up to the last pool:', '', *lines]


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'))
    parser.add_argument('--models', default=os.path.join(ROOT, 'demo/models'))
    parser.add_argument('--video', default=os.path.join(ROOT, 'demo/streams/vtest.avi'))
    parser.add_argument('--clips', type=int, default=24)
    parser.add_argument('--gates', default=GATES)
    parser.add_argument('--unpadded', default='16,24,32,48,64', help='lengths of clips')
    parser.add_argument('-o', '--output', help='markdown file; the tables are printed as well')
    args = parser.parse_args()
    library = reprise.load_library(os.path.join(args.build, 'src/libreprise.so'))
    lanes, model, theirs = run(args, library)
    publish('\n'.join(['# Clips that advance by one picture', '',
                       f'`.venv/bin/python bench/windows.py`: C3D, random weights, {args.clips} clips of '
                       f'{os.path.basename(args.video)}.', '', *table(lanes, theirs), '', *verdicts(model), '',
                       *lengths(args, library), '']),
            args.output)
    return 0


if __name__ == '__main__':
    sys.exit(main())
