#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Holds Reprise's dense run of quantised models against ONNX Runtime's, on the same inputs.

usage: python3 scripts/compare_int8.py [--build DIR] [--inputs N] [--nodes] [NAME...]

Needs onnx, onnxruntime and numpy. ONNX Runtime's static quantiser makes every model, in both of its
formats (QDQ, QOperator), from random calibration pictures: a small convolutional network that is
made here, and those of demo/models. The unit is the scale that the quantiser gave the output, or,
for outputs that stay f32, 1/255 of its range. The bar: 99.9 % of the values of every output within
one unit. Exit status 1 if any output misses it, but for models of which ONNX Runtime itself
computes products in f32 that the file quantises: how many is said then. Such values differ by their
rounding, which deep networks amplify; the last column, ONNX Runtime with and without its
optimisations, shows how much.
"""
import argparse
import os
import sys
import tempfile

import numpy as np
import onnx
import onnx.version_converter
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper
from onnxruntime import quantization as q

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import reprise  # noqa: E402

BAR = 0.999
FORMATS = [(f, t) for f in ('QDQ', 'QOperator') for t in ('u8', 's8')]
# The range of the input.
RANGES = {'small': (-1, 1), 'selfie': (0, 1), 'blazeface': (-1, 1), 'nanodet': (0, 1),
          'movenet': (0, 255), 'ppocr-det': (-2, 2)}
# Of inputs that the file leaves open.
SHAPES = {'ppocr-det': [1, 3, 160, 160]}


def small(path):
    """Convolutions (strided, by depth, 1 x 1), a skip, pools, a concatenation and a product."""
    rng = np.random.default_rng(2)
    nodes, weights = [], []

    def constant(name, *shape):
        w = rng.normal(size=shape) / np.sqrt(np.prod(shape[1:]))
        weights.append(numpy_helper.from_array(w.astype(np.float32), name))
        return name

    def add(op, inputs, out, **attributes):
        nodes.append(helper.make_node(op, inputs, [out], out, **attributes))

    def conv(x, out, m, c, k, **attributes):
        add('Conv', [x, constant(out + '.w', m, c, k, k), constant(out + '.b', m)], out,
            pads=[k // 2] * 4, **attributes)

    conv('x', 'c1', 16, 3, 3, strides=[2, 2])
    add('Relu', ['c1'], 'r1')
    conv('r1', 'c2', 16, 1, 3, group=16)
    add('LeakyRelu', ['c2'], 'r2', alpha=0.1)
    conv('r2', 'c3', 16, 16, 1)
    add('Add', ['c3', 'r1'], 'a1')
    add('AveragePool', ['a1'], 'p1', kernel_shape=[2, 2], strides=[2, 2])
    add('MaxPool', ['a1'], 'p2', kernel_shape=[2, 2], strides=[2, 2])
    add('Concat', ['p1', 'p2'], 'k1', axis=1)
    add('GlobalAveragePool', ['k1'], 'g1')
    conv('g1', 'c4', 32, 32, 1)
    add('Sigmoid', ['c4'], 's1')
    add('Mul', ['k1', 's1'], 'm1')
    conv('m1', 'y', 8, 32, 3)
    add('Flatten', ['g1'], 'f1')
    add('MatMul', ['f1', constant('w5', 32, 10)], 'z')
    graph = helper.make_graph(
        nodes, 'small', [helper.make_tensor_value_info('x', TensorProto.FLOAT, [1, 3, 64, 48])],
        [helper.make_tensor_value_info('y', TensorProto.FLOAT, [1, 8, 16, 12]),
         helper.make_tensor_value_info('z', TensorProto.FLOAT, [1, 10])], weights)
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid('', 13)], ir_version=8),
              path)


class Pictures(q.CalibrationDataReader):
    """Random pictures of blocks and noise."""

    def __init__(self, name, shape, ends, count, seed):
        rng = np.random.default_rng(seed)
        self.list = []
        for _ in range(count):
            coarse = rng.uniform(-0.8, 0.8, [max(s // 8, 1) if s > 3 else s for s in shape])
            for axis, s in enumerate(shape):
                coarse = np.repeat(coarse, -(-s // coarse.shape[axis]), axis).take(range(s), axis)
            noisy = coarse + rng.uniform(-0.2, 0.2, shape)
            noisy = ends[0] + (noisy + 1) / 2 * (ends[1] - ends[0])
            self.list.append({name: noisy.astype(np.float32)})
        self.at = iter(self.list)

    def get_next(self):
        return next(self.at, None)


def keep_constants(graph):
    """Constant nodes become initialisers: the quantiser would take them for activations."""
    nodes = []
    for n in graph.node:
        if n.op_type == 'Constant' and n.attribute[0].name == 'value':
            n.attribute[0].t.name = n.output[0]
            graph.initializer.append(n.attribute[0].t)
        else:
            nodes.append(n)
    del graph.node[:]
    graph.node.extend(nodes)


def quantise(source, path, form, kind, pictures):
    """Scales by channel need opset 13."""
    model = onnx.load(source)
    keep_constants(model.graph)
    if max(o.version for o in model.opset_import if not o.domain) < 13:
        model = onnx.version_converter.convert_version(model, 13)
    onnx.save(model, path)
    source = path
    q.quantize_static(
        source, path, pictures, quant_format=getattr(q.QuantFormat, form), per_channel=True,
        activation_type=q.QuantType.QUInt8 if kind == 'u8' else q.QuantType.QInt8,
        weight_type=q.QuantType.QInt8)


def units(path):
    """The scale of every output that the quantiser gave one."""
    graph = onnx.load(path).graph
    value = {i.name: numpy_helper.to_array(i) for i in graph.initializer}
    return {n.output[0]: value[n.input[1]].item() for n in graph.node
            if n.op_type == 'DequantizeLinear' and value[n.input[1]].size == 1}


def session(path, optimised=True, keep=''):
    options = ort.SessionOptions()
    options.log_severity_level = 3
    options.intra_op_num_threads = 1
    options.optimized_model_filepath = keep
    if not optimised:
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    return ort.InferenceSession(path, options, providers=['CPUExecutionProvider'])


def products(path):
    """Weighted nodes that ONNX Runtime leaves in f32, of all, once it has optimised a model."""
    with tempfile.TemporaryDirectory() as folder:
        kept = os.path.join(folder, 'optimised.onnx')
        session(path, keep=kept)
        ops = [n.op_type for n in onnx.load(kept).graph.node]
    real = sum(o in ('Conv', 'FusedConv', 'MatMul', 'Gemm', 'FusedGemm') for o in ops)
    return real, real + sum(o in ('QLinearConv', 'QLinearMatMul', 'QGemm') for o in ops)


def off_by(outputs, reference, unit):
    """Differences of all inputs in units of an output."""
    return np.concatenate([np.abs(a - b).ravel() for a, b in zip(outputs, reference)]) / unit


def compare(label, path, inputs, library):
    """Prints one line per output; returns the smallest share of values within one unit, or 1 where
    ONNX Runtime's own products are in f32."""
    theirs, plain = session(path), session(path, optimised=False)
    name = theirs.get_inputs()[0].name
    stream = reprise.Model(path, {name: inputs[0][name].shape}, library).stream('off')
    ours = list(zip(*[stream.run(x[name]) for x in inputs]))
    want = list(zip(*[theirs.run(None, x) for x in inputs]))
    other = list(zip(*[plain.run(None, x) for x in inputs]))
    scale, worst = units(path), 1.0
    real, count = products(path)
    miss = f'over, with {real} of {count} products f32' if real else 'OVER THE BAR'
    for i, output in enumerate(theirs.get_outputs()):
        unit = scale.get(output.name, float(np.ptp(want[i])) / 255)
        off, itself = off_by(ours[i], want[i], unit), off_by(other[i], want[i], unit)
        share = float((off <= 1.001).mean())
        print(f'{label:22} {output.name[:14]:14} {off.size:7} {unit:8.1e} '
              f'{float((off <= 0.001).mean()):8.2%} {share:8.3%} {float(off.max()):7.2f} '
              f'{float((itself <= 1.001).mean()):8.3%}  {"ok" if share >= BAR else miss}',
              flush=True)
        worst = min(worst, share)
    return 1.0 if real else worst


def alone(node, model, tensors, library):
    """Our outputs of one node on ONNX Runtime's inputs."""
    known = {i.name: i for i in model.graph.initializer}
    known.update((i, numpy_helper.from_array(tensors[i], i)) for i in node.input
                 if i in tensors and tensors[i].ndim == 0)
    names = [i for i in dict.fromkeys(node.input) if i and i not in known]
    if not names:
        return []
    graph = helper.make_graph(
        [node], 'node', [helper.make_tensor_value_info(
            i, helper.np_dtype_to_tensor_dtype(tensors[i].dtype), tensors[i].shape) for i in names],
        [onnx.ValueInfoProto(name=o) for o in node.output],
        [known[i] for i in dict.fromkeys(node.input) if i in known])
    with tempfile.NamedTemporaryFile(suffix='.onnx') as f:
        onnx.save(helper.make_model(graph, opset_imports=model.opset_import,
                                    ir_version=model.ir_version), f.name)
        stream = reprise.Model(f.name, None, library).stream('off')
    return stream.run(*[tensors[i] for i in names])


def compare_nodes(label, path, x, library):
    """Every node by itself; of integers the steps, of f32 relative to the tensor's largest value."""
    model, count = onnx.load(path), {}
    del model.graph.output[:]
    model.graph.output.extend(onnx.ValueInfoProto(name=o) for n in model.graph.node
                              for o in n.output)
    full = path + '.all.onnx'
    onnx.save(model, full)
    s = session(full, optimised=False)
    tensors = dict(zip([o.name for o in s.get_outputs()], s.run(None, x)), **x)
    for node in model.graph.node:
        for name, ours in zip(node.output, alone(node, model, tensors, library)):
            want = tensors[name].astype(np.float64)
            off = np.abs(ours - want)
            if ours.dtype == np.float32:
                off = off / (np.abs(want).max() + 1e-30)
            c = count.setdefault((node.op_type, str(ours.dtype)), [0, 0, 0, 0.0])
            c[0] += 1
            c[1] += off.size
            c[2] += int((off > (0 if ours.dtype != np.float32 else 1e-5)).sum())
            c[3] = max(c[3], float(off.max()))
    for (op, kind), (nodes, values, differ, largest) in sorted(count.items()):
        print(f'{label:22} {op:24} {kind:8} {nodes:4} nodes {values:9} values {differ:6} differ, '
              f'at most {largest:.2g}', flush=True)
    return 1.0 if all(c[3] <= 1 for c in count.values()) else 0.0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help=f'of {", ".join(RANGES)}')
    parser.add_argument('--build', default='build', help='build directory')
    parser.add_argument('--inputs', type=int, default=4)
    parser.add_argument('--nodes', action='store_true', help='every node by itself')
    args = parser.parse_args()
    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    print(f'ONNX Runtime {ort.__version__} against Reprise, {args.inputs} inputs')
    if not args.nodes:
        print(f'{"model":22} {"output":14} {"values":>7} {"unit":>8} {"equal":>8} {"1 unit":>8} '
              f'{"largest":>7} {"itself":>8}')
    failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for name in args.names or RANGES:
            if name not in RANGES:
                parser.error(f'{name}: not one of {", ".join(RANGES)}')
            source = os.path.join(ROOT, 'demo/models', name + '.onnx')
            if name == 'small':
                source = os.path.join(folder, 'small.onnx')
                small(source)
            first = session(source).get_inputs()[0]
            shape = SHAPES.get(name, [d if isinstance(d, int) else 1 for d in first.shape])
            inputs = Pictures(first.name, shape, RANGES[name], args.inputs, 2).list
            for form, kind in FORMATS:
                path = os.path.join(folder, f'{name}-{form}-{kind}.onnx')
                quantise(source, path, form, kind, Pictures(first.name, shape, RANGES[name], 4, 1))
                try:
                    if args.nodes:
                        share = compare_nodes(f'{name} {form} {kind}', path, inputs[0], library)
                    else:
                        share = compare(f'{name} {form} {kind}', path, inputs, library)
                    failed += share < BAR
                except reprise.Error as e:
                    print(f'{name} {form} {kind}: {e}')
                    failed += 1
    return 1 if failed else 0


if __name__ == '__main__':
    sys.exit(main())
