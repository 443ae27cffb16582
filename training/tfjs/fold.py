# SPDX-License-Identifier: Apache-2.0
"""Evaluates nodes whose inputs are all constant."""
import numpy as np


def _sparse_to_dense(n, indices, shape, values, default):
    out = np.full([int(d) for d in shape], default, dtype=np.asarray(default).dtype)
    indices = np.asarray(indices)
    if indices.size:
        out[tuple(indices.reshape(-1, out.ndim).T)] = values
    return out


def _strided_slice(n, x, begin, end, strides):
    if n.attr('ellipsis_mask', 0) or n.attr('new_axis_mask', 0):
        raise n.error('ellipsis and new axes in a slice are not supported')
    cut = []
    for i, (b, e, s) in enumerate(zip(begin, end, strides)):
        if n.attr('shrink_axis_mask', 0) >> i & 1:
            cut.append(int(b))
        else:
            cut.append(slice(None if n.attr('begin_mask', 0) >> i & 1 else int(b),
                             None if n.attr('end_mask', 0) >> i & 1 else int(e), int(s)))
    return x[tuple(cut)]


def _cast(n, x):
    types = {'DT_FLOAT': np.float32, 'DT_INT32': np.int32, 'DT_INT64': np.int32, 'DT_BOOL': np.bool_}
    to = n.attr('DstT')
    if to not in types:
        raise n.error(f'type {to} is not supported')
    return np.asarray(x).astype(types[to])


_EVAL = {
    'Add': lambda n, a, b: a + b,
    'AddV2': lambda n, a, b: a + b,
    'AddN': lambda n, *x: sum(x[1:], x[0]),
    'Sub': lambda n, a, b: a - b,
    'Mul': lambda n, a, b: a * b,
    'RealDiv': lambda n, a, b: a / b,
    'FloorDiv': lambda n, a, b: a // b,
    'Maximum': lambda n, a, b: np.maximum(a, b),
    'Minimum': lambda n, a, b: np.minimum(a, b),
    'Rsqrt': lambda n, a: 1 / np.sqrt(a),
    'Sqrt': lambda n, a: np.sqrt(a),
    'Neg': lambda n, a: -a,
    'Cast': _cast,
    'ConcatV2': lambda n, *x: np.concatenate(x[:-1], int(x[-1])),
    'ExpandDims': lambda n, x, axis: np.expand_dims(x, int(np.asarray(axis).reshape(()))),
    'Fill': lambda n, shape, value: np.full([int(d) for d in shape], value, value.dtype),
    'Identity': lambda n, x: x,
    'Pack': lambda n, *x: np.stack(x, n.attr('axis', 0)),
    'Reshape': lambda n, x, shape: np.reshape(x, [int(d) for d in shape]),
    'SparseToDense': _sparse_to_dense,
    'Squeeze': lambda n, x: np.squeeze(x, tuple(n.attr('squeeze_dims') or ()) or None),
    'StridedSlice': _strided_slice,
    'Transpose': lambda n, x, perm: np.transpose(x, [int(p) for p in perm]),
}


def can_fold(op):
    return op in _EVAL


def evaluate(node, arrays):
    """The value of `node` on constant inputs."""
    return np.asarray(_EVAL[node.op](node, *arrays))
