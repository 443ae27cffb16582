# SPDX-License-Identifier: Apache-2.0
"""A network while it grows: its ONNX nodes, and beside them a sample that flows through it.

Weights are drawn from a normal distribution of a fixed seed. With a sample they are scaled as a
training may begin (LSUV, Mishkin and Matas 2016): the sums of a layer have unit variance over the
sample. Without one: variance 2 / inputs, or 1 / inputs where no ReLU comes before. Biases are
small, a tenth of that; with `centre` they make the mean of every sum zero instead.
"""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from . import forward

SEED = 2018
OPSET = 13
IR_VERSION = 7
NOTE = ('UNTRAINED: random weights from a fixed seed, scaled so that the sums of every layer have '
        'unit variance. The shapes are those of the network; what it puts out means nothing.')


class Builder:
    """x, where there is one: the sample as it leaves the last node, the batch or time first."""

    def __init__(self, name, shape, sample, centre=False):
        self.name, self.shape, self.x, self.centre = name, shape, sample, centre
        self.value, self.positive = 'x', False
        self.rng = np.random.default_rng(SEED)
        self.nodes, self.constants = [], []

    def constant(self, name, array):
        self.constants.append(numpy_helper.from_array(np.ascontiguousarray(array), name))
        return name

    def add(self, op, inputs, name, **attributes):
        """Appends a node whose output has its name; the next one reads it."""
        self.nodes.append(helper.make_node(op, inputs, [name], name, **attributes))
        self.value = name

    def draw(self, shape, inputs):
        w = self.rng.standard_normal(shape, np.float32)
        w *= np.float32(np.sqrt((2 if self.positive else 1) / inputs))
        return w

    def fit(self, z, weights):
        """Scales weights in place, and gives the biases and the sums with both. Axis 1 of z counts
        the outputs. Without a sample z is None."""
        outputs = len(weights)
        b = self.rng.standard_normal(outputs, np.float32) * np.float32(0.1)
        if z is None:
            return b, None
        mean = z.mean((0,) + tuple(range(2, z.ndim)), keepdims=True) if self.centre else 0
        scale = np.float32(1 / max(float((z - mean).std()), 1e-12))
        weights *= scale
        if self.centre:
            b = -(mean * scale).astype(np.float32).ravel()
        return b, z * scale + b.reshape([1, outputs] + [1] * (z.ndim - 2))

    def fc(self, name, inputs, outputs):
        w = self.draw((outputs, inputs), inputs)
        b, self.x = self.fit(None if self.x is None else self.x @ w.T, w)
        self.add('Gemm', [self.value, self.constant(name + '.w', w), self.constant(name + '.b', b)],
                 name, transB=1)
        self.positive = False

    def conv(self, name, inputs, outputs, kernel, strides, pads):
        w = self.draw([outputs, inputs] + kernel, inputs * int(np.prod(kernel)))
        z = None if self.x is None else forward.convolve(self.x, w, strides, pads)
        b, self.x = self.fit(z, w)
        self.add('Conv', [self.value, self.constant(name + '.w', w), self.constant(name + '.b', b)],
                 name, strides=strides, pads=pads * 2)
        self.positive = False

    def relu(self, name):
        self.add('Relu', [self.value], name)
        self.positive = True
        if self.x is not None:
            np.maximum(self.x, 0, out=self.x)

    def max_pool(self, name, kernel):
        self.add('MaxPool', [self.value], name, kernel_shape=kernel, strides=kernel, ceil_mode=1)
        if self.x is not None:
            self.x = forward.max_pool(self.x, kernel)

    def flatten(self, name):
        self.add('Flatten', [self.value], name)
        if self.x is not None:
            self.x = self.x.reshape(len(self.x), -1)

    def model(self, outputs):
        """The network; the last value is its output y."""
        self.nodes[-1].output[0] = 'y'
        graph = helper.make_graph(
            self.nodes, self.name,
            [helper.make_tensor_value_info('x', TensorProto.FLOAT, self.shape)],
            [helper.make_tensor_value_info('y', TensorProto.FLOAT, outputs)], self.constants, NOTE)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', OPSET)],
                                  ir_version=IR_VERSION, producer_name='reprise', doc_string=NOTE)
        helper.set_model_props(model, {'weights': 'untrained', 'seed': str(SEED)})
        onnx.checker.check_model(model)
        return model
