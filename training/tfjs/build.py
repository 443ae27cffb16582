# SPDX-License-Identifier: Apache-2.0
"""The ONNX graph while it grows: nodes, named constants, dead code, and the file."""
import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 13
IR_VERSION = 7


class OnnxNode:
    """A node that can still get another input, output name or attribute."""

    def __init__(self, op, inputs, outputs, attrs):
        self.op, self.inputs, self.outputs, self.attrs = op, inputs, outputs, attrs


class Builder:
    def __init__(self):
        self.nodes, self.inputs = [], []
        self.constants, self._names_of = {}, {}
        self._producer = {}

    def input(self, name, shape):
        self.inputs.append((name, list(shape)))

    def constant(self, array, hint):
        """The name of a constant; equal ones are kept once."""
        array = np.ascontiguousarray(array)
        key = (array.dtype.str, array.shape, array.tobytes())
        if key not in self._names_of:
            name = hint
            while name in self.constants:
                name += '_'
            self._names_of[key] = name
            self.constants[name] = array
        return self._names_of[key]

    def ints(self, values):
        return self.constant(np.array(values, np.int64), 'ints_' + '_'.join(map(str, values)))

    def add(self, op, inputs, outputs, **attrs):
        """Appends a node; `outputs` is a name or a list of names."""
        outputs = [outputs] if isinstance(outputs, str) else list(outputs)
        node = OnnxNode(op, list(inputs), outputs, attrs)
        self.nodes.append(node)
        self._producer.update((o, node) for o in outputs)
        return node

    def reshape(self, x, old_shape, shape, output):
        """Reshapes x; chains become one step and a step that changes nothing becomes none."""
        producer = self._producer.get(x)
        while producer is not None and producer.op == 'Reshape':
            x, old_shape = producer.inputs[0], producer.old_shape
            producer = self._producer.get(x)
        if list(old_shape) == list(shape):
            return x
        self.add('Reshape', [x, self.ints(shape)], output).old_shape = list(old_shape)
        return output

    def rename(self, old, new):
        """Gives a node's output another name everywhere."""
        for n in self.nodes:
            n.inputs = [new if i == old else i for i in n.inputs]
            n.outputs = [new if o == old else o for o in n.outputs]
        if old in self._producer:
            self._producer[new] = self._producer.pop(old)

    def _live(self, outputs):
        needed, kept = set(outputs), []
        for n in reversed(self.nodes):
            if needed.intersection(n.outputs):
                kept.append(n)
                needed.update(n.inputs)
        return kept[::-1], needed

    def model(self, name, outputs):
        """outputs: (name, shape) in order. Only what they need is written."""
        nodes, needed = self._live([o for o, _ in outputs])
        protos = [helper.make_node(n.op, n.inputs, n.outputs, name=n.outputs[0],
                                   **{k: n.attrs[k] for k in sorted(n.attrs)}) for n in nodes]
        initializers = [numpy_helper.from_array(self.constants[c], c)
                        for c in self.constants if c in needed]

        def info(pair):
            return helper.make_tensor_value_info(pair[0], TensorProto.FLOAT, pair[1])

        graph = helper.make_graph(protos, name, [info(i) for i in self.inputs],
                                  [info(o) for o in outputs], initializers)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid('', OPSET)])
        model.ir_version = IR_VERSION
        model.producer_name, model.producer_version = 'tfjs2onnx', '1'
        onnx.checker.check_model(model, full_check=True)
        return model
