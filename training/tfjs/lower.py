# SPDX-License-Identifier: Apache-2.0
"""
Walks a TF.js graph and turns it into an ONNX one.

A TensorFlow tensor is N x H x W x C, an ONNX picture N x C x H x W. Every value carries the order
of its axes instead of being transposed: ONNX axis i of the value is TensorFlow axis perm[i].
A Transpose is then a change of `perm` only; a real one is written where an operator (Reshape,
MatMul, an output that is not a picture) needs another order than the one at hand.
"""
import numpy as np

from . import fold, operators
from .build import Builder
from .reader import ConversionError
from .value import Value


class Lowering:
    """One conversion. Values and numpy arrays (constants) by (node name, output index)."""

    def __init__(self, graph, wanted):
        self.graph, self.wanted = graph, wanted
        self.b = Builder()
        self.values = {}
        self.order = graph.ordered(wanted)
        self.uses = {}
        for n in self.order:
            for ref in n.inputs:
                self.uses[ref] = self.uses.get(ref, 0) + 1
        for name in wanted:
            self.uses[name, 0] = self.uses.get((name, 0), 0) + 1

    # ---------------------------------------------------------------- the walk

    def run(self):
        unknown = {}
        for n in self.order:
            args = [self.values.get(r) for r in n.inputs]
            if n.op == 'Const':
                self._set(n, self.graph.constants[n.name])
            elif args and fold.can_fold(n.op) and all(isinstance(a, np.ndarray) for a in args):
                self._set(n, fold.evaluate(n, args))
            elif n.op not in operators.OPS:
                unknown.setdefault(n.op, []).append(n.name)
            elif all(a is not None for a in args):  # else it is below an unknown operator
                result = operators.OPS[n.op](self, n, args)
                for i, r in enumerate(result if isinstance(result, list) else [result]):
                    self._set(n, r, i)
        if unknown:
            lines = [f'{op}: {len(at)} node(s), first {at[0]}' for op, at in sorted(unknown.items())]
            raise ConversionError('operators that are not supported:\n  ' + '\n  '.join(lines))
        return [self._output(name) for name in self.wanted]

    def _set(self, n, value, index=0):
        self.values[n.name, index] = value

    def _output(self, name):
        """Pictures leave as NCHW, everything else in TensorFlow's order."""
        v = self.values[name, 0]
        if isinstance(v, np.ndarray):
            raise ConversionError(f'output {name} is constant')
        v = self.ordered(v, v.perm if v.rank == 4 else range(v.rank))
        return v.name, v.onnx_shape

    # ----------------------------------------------------------------- helpers

    def ready(self, v):
        """v with its padding written."""
        if v.pad is None:
            return v
        amounts, fill = v.pad
        pads = [amounts[p][0] for p in v.perm] + [amounts[p][1] for p in v.perm]
        name = f'{v.name}/pad_' + '_'.join(map(str, pads))
        self.b.add('Pad', [v.name, self.b.ints(pads),
                           self.b.constant(np.float32(fill), f'fill_{fill:g}')], name)
        return Value(name, v.shape, v.perm)

    def ordered(self, v, perm):
        """v with its ONNX axes in the given order."""
        v, perm = self.ready(v), tuple(perm)
        if v.perm == perm:
            return v
        shape = [v.shape[p] for p in perm]
        name = f'{v.name}/to_' + ''.join(map(str, perm))
        if [p for p in v.perm if v.shape[p] > 1] == [p for p in perm if v.shape[p] > 1]:
            return Value(self.b.reshape(v.name, v.onnx_shape, shape, name), v.shape, perm)
        self.b.add('Transpose', [v.name], name, perm=[v.perm.index(p) for p in perm])
        return Value(name, v.shape, perm)

    def plain(self, v):
        return self.ordered(v, range(v.rank))

    def symbol(self, n, v):
        """An operand that must not be constant."""
        if isinstance(v, np.ndarray):
            raise n.error('a constant first operand is not supported')
        return v

    def number(self, n, v):
        if not isinstance(v, np.ndarray):
            raise n.error('an operand that must be constant is not')
        return v

    def used_once(self, n, v):
        """True if `v` is an operand of n that nobody else reads."""
        refs = [r for r in n.inputs if self.values[r] is v]
        return len(refs) == 1 and self.uses[refs[0]] == 1

    def aligned(self, array, v):
        """A constant operand as it broadcasts against v's ONNX axes."""
        array = np.asarray(array, np.float32)
        if array.size == 1:
            return array.reshape(())
        array = array.reshape((1,) * (v.rank - array.ndim) + array.shape)
        return array.transpose(v.perm)
