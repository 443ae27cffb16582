#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the converter: small TF.js models are written, converted, and their ONNX files run.

The numbers are checked by running the result with libreprise (REPRISE_LIB or build/src) against
TensorFlow's definitions written out in numpy; without the library those tests are skipped.
"""
import base64
import json
import os
import sys
import tempfile
import unittest

import numpy as np
import onnx

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path += [os.path.join(ROOT, 'training'), os.path.join(ROOT, 'bench')]

import tfjs2onnx  # noqa: E402
from tfjs.reader import ConversionError  # noqa: E402

try:
    import reprise
    LIBRARY = reprise.load_library()
except OSError:
    LIBRARY = None

TO_NCHW, TO_NHWC = (0, 3, 1, 2), (0, 2, 3, 1)


class Writer:
    """A TF.js model in the making. Nodes are given as name, operator, inputs, attributes."""

    def __init__(self, shape):
        self.nodes, self.table, self.blob = [], [], b''
        self.node('input', 'Placeholder', shape={'shape': {'dim': [{'size': str(d)}
                                                                   for d in shape]}})

    def node(self, name, op, *inputs, **attrs):
        self.nodes.append({'name': name, 'op': op, 'input': list(inputs), 'attr': attrs})
        return name

    def constant(self, name, array, pack=None):
        """pack: None, 'float16' or 'uint8'. Returns the array as a reader must see it."""
        array = np.asarray(array)
        entry = {'name': name, 'shape': list(array.shape),
                 'dtype': 'float32' if array.dtype.kind == 'f' else 'int32'}
        stored = array.astype(np.float32 if array.dtype.kind == 'f' else np.int32)
        if pack == 'float16':
            entry['quantization'] = {'dtype': pack}
            stored = array.astype(np.float16)
            array = stored.astype(np.float32)
        elif pack == 'uint8':
            low, scale = float(array.min()), float(np.ptp(array)) / 255
            entry['quantization'] = {'dtype': pack, 'scale': scale, 'min': low}
            stored = np.rint((array - low) / scale).astype(np.uint8)
            array = (stored * scale + low).astype(np.float32)
        self.table.append(entry)
        self.blob += stored.tobytes()
        self.node(name, 'Const')
        return array

    def convert(self, *outputs):
        with tempfile.TemporaryDirectory() as folder:
            return self._convert(folder, outputs)

    def _convert(self, folder, outputs):
        path = os.path.join(folder, 'net.json')
        with open(path, 'w', encoding='utf-8') as f:
            json.dump({'modelTopology': {'node': self.nodes},
                       'weightsManifest': [{'paths': ['net.bin'], 'weights': self.table}]}, f)
        with open(os.path.join(folder, 'net.bin'), 'wb') as f:
            f.write(self.blob)
        return tfjs2onnx.convert(path, [(o, o) for o in outputs], 'net')


def text(value):
    return {'s': base64.b64encode(value.encode()).decode()}


def ints(*values):
    return {'list': {'i': [str(v) for v in values]}}


def window(padding, stride, **more):
    return dict(padding=text(padding), strides=ints(1, stride, stride, 1), **more)


def operators(model):
    return [n.op_type for n in model.graph.node]


def run(model, x):
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, 'net.onnx')
        onnx.save(model, path)
        return reprise.Model(path, library=LIBRARY).stream('off').run(x)


def conv_same(x, w, stride, depthwise=False):
    """TensorFlow's Conv2D with SAME padding on N x H x W x C, as its documentation defines it."""
    kh, kw = w.shape[:2]
    out = [-(-d // stride) for d in x.shape[1:3]]
    total = [max((o - 1) * stride + k - d, 0) for o, k, d in zip(out, (kh, kw), x.shape[1:3])]
    x = np.pad(x, [(0, 0)] + [(t // 2, t - t // 2) for t in total] + [(0, 0)])
    y = 0
    for i in range(kh):
        for j in range(kw):
            part = x[:, i:i + out[0] * stride:stride, j:j + out[1] * stride:stride][
                :, :out[0], :out[1]]
            y = y + (part * w[i, j, :, 0] if depthwise else part @ w[i, j])
    return y


class Structure(unittest.TestCase):
    def test_transposes_pads_and_biases_disappear(self):
        m = Writer((1, 3, 8, 8))
        rng = np.random.default_rng(1)
        m.constant('pads', np.array([[0, 0], [0, 0], [1, 1], [1, 1]]))
        m.constant('last', np.array(TO_NHWC))
        m.constant('first', np.array(TO_NCHW))
        m.constant('w', rng.normal(size=(3, 3, 3, 4)))
        m.constant('b', rng.normal(size=4))
        m.node('padded', 'Pad', 'input', 'pads')
        m.node('nhwc', 'Transpose', 'padded', 'last')
        m.node('conv', 'Conv2D', 'nhwc', 'w', **window('VALID', 1))
        m.node('biased', 'AddV2', 'conv', 'b')
        m.node('nchw', 'Transpose', 'biased', 'first')
        m.node('y', 'LeakyRelu', 'nchw', alpha={'f': 0.1})
        model = m.convert('y')
        self.assertEqual(operators(model), ['Conv', 'LeakyRelu'])
        self.assertEqual(len(model.graph.node[0].input), 3)
        pads = [a.ints for a in model.graph.node[0].attribute if a.name == 'pads']
        self.assertEqual(list(pads[0]), [1, 1, 1, 1])

    def test_bytes_are_always_the_same(self):
        def bytes_of():
            m = Writer((1, 4, 4, 3))
            m.constant('w', np.ones((1, 1, 3, 2)))
            m.node('y', 'Conv2D', 'input', 'w', **window('SAME', 1))
            return m.convert('y').SerializeToString(deterministic=True)
        self.assertEqual(bytes_of(), bytes_of())

    def test_all_unknown_operators_are_listed(self):
        m = Writer((1, 4, 4, 3))
        m.node('a', 'Foo', 'input')
        m.node('b', 'Relu', 'a')
        m.node('y', 'Bar', 'b')
        with self.assertRaisesRegex(ConversionError, r'(?s)Bar: 1 node.*Foo: 1 node'):
            m.convert('y')

    def test_truncated_weights_and_cycles(self):
        m = Writer((1, 4, 4, 3))
        m.constant('w', np.ones((1, 1, 3, 2)))
        m.node('y', 'Conv2D', 'input', 'w', **window('SAME', 1))
        m.blob = m.blob[:-1]
        with self.assertRaisesRegex(ConversionError, 'weight w: the file ends inside it'):
            m.convert('y')
        m = Writer((1, 4, 4, 3))
        m.node('a', 'Relu', 'b')
        m.node('b', 'Relu', 'a')
        with self.assertRaisesRegex(ConversionError, 'cycle'):
            m.convert('a')


@unittest.skipIf(LIBRARY is None, 'libreprise is not built')
class Numbers(unittest.TestCase):
    def setUp(self):
        self.rng = np.random.default_rng(7)
        self.x = self.rng.normal(size=(1, 7, 6, 3)).astype(np.float32)

    def check(self, model, expected):
        """expected: N x H x W x C."""
        y = run(model, np.ascontiguousarray(self.x.transpose(TO_NCHW)))[0]
        np.testing.assert_allclose(y, expected.transpose(TO_NCHW), rtol=1e-5, atol=1e-5)

    def test_same_padding_with_stride_and_packed_weights(self):
        m = Writer(self.x.shape)
        w = m.constant('w', self.rng.normal(size=(3, 3, 3, 4)), 'float16')
        d = m.constant('d', self.rng.normal(size=(3, 3, 4, 1)), 'uint8')
        m.node('conv', 'Conv2D', 'input', 'w', **window('SAME', 2))
        m.node('y', 'DepthwiseConv2dNative', 'conv', 'd', **window('SAME', 2))
        self.check(m.convert('y'), conv_same(conv_same(self.x, w, 2), d, 2, depthwise=True))

    def test_fused_bias_and_relu6(self):
        m = Writer(self.x.shape)
        w = m.constant('w', self.rng.normal(size=(1, 1, 3, 5)) * 4)
        b = m.constant('b', self.rng.normal(size=5))
        m.node('y', '_FusedConv2D', 'input', 'w', 'b', **window('SAME', 1),
               fused_ops={'list': {'s': [text('BiasAdd')['s'], text('Relu6')['s']]}})
        self.check(m.convert('y'), np.clip(conv_same(self.x, w, 1) + b, 0, 6))

    def test_hard_swish_keeps_its_stored_sixth(self):
        m = Writer(self.x.shape)
        sixth = float(m.constant('sixth', np.array([1 / 6]), 'float16')[0])
        m.constant('three', np.array([3.0]))
        m.node('scaled', 'Mul', 'sixth', 'input')
        m.node('moved', 'AddV2', 'input', 'three')
        m.node('clipped', 'Relu6', 'moved')
        m.node('y', 'Mul', 'scaled', 'clipped')
        model = m.convert('y')
        self.assertEqual(operators(model), ['HardSigmoid', 'Mul', 'Mul'])
        self.check(model, self.x * sixth * np.clip(self.x + 3, 0, 6))

    def test_conv_transpose(self):
        m = Writer(self.x.shape)
        w = m.constant('w', self.rng.normal(size=(3, 3, 2, 3)))
        m.constant('size', np.array([1, 14, 12, 2]))
        m.node('y', 'Conv2DBackpropInput', 'size', 'w', 'input', **window('SAME', 2))
        # The gradient of conv_same: every input spreads over the window that would read it.
        full = np.zeros((1, 14 + 1, 12 + 1, 2))
        for i in range(3):
            for j in range(3):
                full[:, i:i + 14:2, j:j + 12:2] += self.x @ w[i, j].T
        self.check(m.convert('y'), full[:, :14, :12])

    def test_maximum_of_padded_windows_and_resize(self):
        m = Writer(self.x.shape)
        m.constant('size', np.array([14, 12]))
        m.node('up', 'ResizeBilinear', 'input', 'size', half_pixel_centers={'b': True})
        m.node('y', 'MaxPool', 'up', ksize=ints(1, 3, 3, 1), **window('SAME', 2))

        def resize(x, axis):
            n = x.shape[axis]
            at = np.clip((np.arange(2 * n) + 0.5) / 2 - 0.5, 0, n - 1)
            low = np.floor(at).astype(int)
            share = (at - low).reshape([-1 if a == axis else 1 for a in range(4)])
            return (np.take(x, low, axis) * (1 - share) +
                    np.take(x, np.minimum(low + 1, n - 1), axis) * share)
        up = resize(resize(self.x, 1), 2)
        up = np.pad(up, [(0, 0), (0, 1), (0, 1), (0, 0)], constant_values=-np.inf)
        parts = [up[:, i:i + 14:2, j:j + 12:2][:, :7, :6] for i in range(3) for j in range(3)]
        self.check(m.convert('y'), np.max(parts, 0))


if __name__ == '__main__':
    unittest.main()
