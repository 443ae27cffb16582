# SPDX-License-Identifier: Apache-2.0
"""
One function per TF.js operator: (lowering, node, operands) to a value, or a list of them.
Operands are Values, or numpy arrays where they are constant.
"""
import numpy as np

from .value import NCHW, Value


# ------------------------------------------------------------------- attributes


def _spatial(n, key):
    """Height and width of an N, H, W, C list."""
    if n.attr('data_format', 'NHWC') != 'NHWC':
        raise n.error(f'data format {n.attr("data_format")} is not supported')
    values = n.attr(key) or [1, 1, 1, 1]
    if len(values) != 4 or values[0] != 1 or values[3] != 1:
        raise n.error(f'{key} {values} is not supported')
    return values[1:3]


def _same_pads(size, kernel, stride):
    """(before, after) of TensorFlow's SAME: the odd one goes after."""
    total = max((-(-size // stride) - 1) * stride + kernel - size, 0)
    return total // 2, total - total // 2


def _window(n, shape, kernel, strides, dilations=(1, 1)):
    """ONNX pads and TensorFlow's output height and width of a sliding window."""
    reach = [(k - 1) * d + 1 for k, d in zip(kernel, dilations)]
    padding = n.attr('padding')
    if padding == 'SAME':
        pads = [_same_pads(shape[1 + i], reach[i], strides[i]) for i in range(2)]
    elif padding == 'VALID':
        pads = [(0, 0), (0, 0)]
    else:
        raise n.error(f'padding {padding} is not supported')
    out = [(shape[1 + i] + sum(pads[i]) - reach[i]) // strides[i] + 1 for i in range(2)]
    return [pads[0][0], pads[1][0], pads[0][1], pads[1][1]], out


def _take_pad(low, v, fills):
    """(value without its padding, ONNX pads), if v's padding can become a window's own."""
    if v.pad is None:
        return v, [0, 0, 0, 0]
    amounts, fill = v.pad
    image = v.rank == 4 and amounts[0] == (0, 0) and amounts[3] == (0, 0)
    if not image or not fills(fill):
        return low.ready(v), [0, 0, 0, 0]
    inner = [d - sum(a) for d, a in zip(v.shape, amounts)]
    (t, b), (le, r) = amounts[1], amounts[2]
    return Value(v.name, inner, v.perm), [t, le, b, r]


# --------------------------------------------------------------------- weighted


def _conv(low, n, args, depthwise=False):
    x, w = low.symbol(n, args[0]), low.number(n, args[1])
    strides, dilations = _spatial(n, 'strides'), _spatial(n, 'dilations')
    kernel, channels = w.shape[:2], x.shape[3]
    own, out = _window(n, x.shape, kernel, strides, dilations)
    x, outer = _take_pad(low, x, lambda fill: fill == 0)
    if depthwise:
        weights = w.transpose(2, 3, 0, 1).reshape(-1, 1, *kernel)
        group = channels
    else:
        weights = w.transpose(3, 2, 0, 1)
        group = channels // w.shape[2]
    x = low.ordered(x, NCHW)
    node = low.b.add('Conv', [x.name, low.b.constant(weights, n.name + '/w')], n.name,
                     kernel_shape=list(kernel), strides=strides, dilations=dilations, group=group,
                     pads=[a + b for a, b in zip(own, outer)])
    return Value(n.name, (x.shape[0], *out, weights.shape[0]), NCHW, bias_slot=node)


def _fused_conv(depthwise):
    def lower(low, n, args):
        v = _conv(low, n, args, depthwise)
        for step, name in enumerate(n.attr('fused_ops') or []):
            if name == 'BiasAdd' and step == 0:
                _put_bias(low, v, low.number(n, args[2]), n.name)
            elif name in ACTIVATIONS:
                # The step takes the node's name; the convolution gets another.
                inner = Value(n.name + '/conv', v.shape, v.perm)
                low.b.rename(v.name, inner.name)
                v = ACTIVATIONS[name](low, n, [inner])
            else:
                raise n.error(f'fused {name} is not supported')
        return v
    return lower


def _put_bias(low, v, array, hint):
    channels = v.shape[-1]
    bias = np.broadcast_to(np.asarray(array, np.float32).reshape(-1), channels)
    v.bias_slot.inputs.append(low.b.constant(bias, hint + '/b'))


def _conv_transpose(low, n, args):
    sizes, w, x = low.number(n, args[0]), low.number(n, args[1]), low.symbol(n, args[2])
    strides, kernel = _spatial(n, 'strides'), w.shape[:2]
    if _spatial(n, 'dilations') != [1, 1]:
        raise n.error('dilations are not supported')
    out = [int(d) for d in sizes]
    before, after, extra = [], [], []
    for i in range(2):
        # The padding that the forward convolution would have had on the output.
        if n.attr('padding') == 'SAME':
            lo, hi = _same_pads(out[1 + i], kernel[i], strides[i])
        else:
            lo = hi = 0
        before.append(lo)
        after.append(hi)
        extra.append(out[1 + i] - ((x.shape[1 + i] - 1) * strides[i] + kernel[i] - lo - hi))
    if min(extra) < 0:
        raise n.error(f'output size {out} does not fit the input')
    x = low.ordered(x, NCHW)
    node = low.b.add('ConvTranspose',
                     [x.name, low.b.constant(w.transpose(3, 2, 0, 1), n.name + '/w')], n.name,
                     kernel_shape=list(kernel), strides=strides, pads=before + after,
                     **({'output_padding': extra} if any(extra) else {}))
    return Value(n.name, out, NCHW, bias_slot=node)


def _matmul(low, n, args):
    a, w = low.plain(low.symbol(n, args[0])), low.number(n, args[1])
    if a.rank != 2 or n.attr('transpose_a', False):
        raise n.error('only a matrix times a constant matrix is supported')
    w = w.T if n.attr('transpose_b', False) else w
    low.b.add('MatMul', [a.name, low.b.constant(w, n.name + '/w')], n.name)
    return Value(n.name, (a.shape[0], w.shape[1]))


# ------------------------------------------------------------------ elementwise


def _unary(op, **attrs):
    def lower(low, n, args):
        x = low.ready(low.symbol(n, args[0]))
        low.b.add(op, [x.name], n.name, **attrs)
        return Value(n.name, x.shape, x.perm)
    return lower


def _leaky_relu(low, n, args):
    alpha = n.attr('alpha', n.attr('leakyrelu_alpha', 0.2))
    return _unary('LeakyRelu', alpha=alpha)(low, n, args)


def _relu6(low, n, args):
    x = low.ready(low.symbol(n, args[0]))
    low.b.add('Clip', [x.name, low.b.constant(np.float32(0), 'zero'),
                       low.b.constant(np.float32(6), 'six')], n.name)
    return Value(n.name, x.shape, x.perm)


def _binary(op):
    def lower(low, n, args):
        a, b = args
        if isinstance(b, np.ndarray) or isinstance(a, np.ndarray):
            return _with_constant(low, n, op, a, b)
        a = low.ready(a)
        if a.rank != b.rank:
            a, b = low.plain(a), low.plain(b)
        else:
            b = low.ordered(b, a.perm)
        low.b.add(op, [a.name, b.name], n.name)
        out = Value(n.name, np.broadcast_shapes(a.shape, b.shape), a.perm)
        if op == 'Add' and a.shape == b.shape:
            out.bias_slot = next((v.bias_slot for v in args
                                  if v.bias_slot and low.used_once(n, v)), None)
        return out
    return lower


def _with_constant(low, n, op, a, b):
    """a op b where one of them is constant; a constant per channel may become a bias."""
    x, array = (b, a) if isinstance(a, np.ndarray) else (a, b)
    per_channel = array.size == 1 or array.shape == (1,) * (array.ndim - 1) + x.shape[-1:]
    if op == 'Add' and per_channel and x.bias_slot and low.used_once(n, x):
        if len(x.bias_slot.inputs) == 2:
            _put_bias(low, x, array, n.name)
            low.b.rename(x.name, n.name)
            return Value(n.name, x.shape, x.perm)
    x = low.ready(x)
    if np.broadcast_shapes(x.shape, array.shape) != x.shape:
        raise n.error(f'a constant of shape {array.shape} would enlarge {x.shape}')
    constant = low.b.constant(low.aligned(array, x), n.name + '/c')
    low.b.add(op, [constant, x.name] if x is b else [x.name, constant], n.name)
    return Value(n.name, x.shape, x.perm)


def _add_n(low, n, args):
    total = args[0]
    for i, other in enumerate(args[1:], 1):
        step = n if i == len(args) - 1 else _Step(n, i)
        total = _binary('Add')(low, step, [total, other])
    return total


class _Step:
    """A part of an AddN, under a name of its own."""

    def __init__(self, n, i):
        self.name, self.op, self.inputs, self.error = f'{n.name}/{i}', n.op, n.inputs, n.error


def _mul(low, n, args):
    return _hard_swish(low, n) or _binary('Mul')(low, n, args)


def _hard_swish(low, n):
    """
    x * relu6(x + 3) * c with c near 1/6, in any order of the two products, as x * HardSigmoid(x)
    times 6c: a sixth that was stored as f16 is off by 2e-4, which must not be lost. The nodes
    that are replaced stay without a reader and are not written.
    """
    clip, factors, stack = None, [], list(n.inputs)
    while stack:
        ref = stack.pop()
        node = low.graph.nodes[ref[0]]
        if node.op == 'Mul' and low.uses[ref] == 1:
            stack.extend(node.inputs)
        elif node.op == 'Relu6' and clip is None and _adds_three(low, node):
            clip = node
        else:
            factors.append(ref)
    if clip is None or len(factors) != 2:
        return None
    inner = low.graph.nodes[clip.inputs[0][0]]
    x = next(r for r in inner.inputs if not isinstance(low.values[r], np.ndarray))
    if x not in factors:
        return None
    scale = low.values[factors[1 - factors.index(x)]]
    if not isinstance(scale, np.ndarray) or scale.size != 1 or abs(6 * scale.item() - 1) > 1e-3:
        return None
    v, rest = low.ready(low.values[x]), np.float32(6 * scale.item())
    exact = abs(rest - 1) < 1e-6
    gate, product = n.name + '/hard_sigmoid', n.name if exact else n.name + '/hard_swish'
    low.b.add('HardSigmoid', [v.name], gate, alpha=1 / 6, beta=0.5)
    low.b.add('Mul', [v.name, gate], product)
    if not exact:
        low.b.add('Mul', [product, low.b.constant(rest, n.name + '/c')], n.name)
    return Value(n.name, v.shape, v.perm)


def _adds_three(low, relu6):
    n = low.graph.nodes[relu6.inputs[0][0]]
    if n.op not in ('Add', 'AddV2'):
        return False
    operands = [low.values[r] for r in n.inputs]
    constants = [v for v in operands if isinstance(v, np.ndarray)]
    return len(constants) == 1 and constants[0].size == 1 and constants[0].item() == 3


# --------------------------------------------------------------- windows, shapes


def _pool(low, n, args):
    kernel, strides = _spatial(n, 'ksize'), _spatial(n, 'strides')
    x = low.symbol(n, args[0])
    own, out = _window(n, x.shape, kernel, strides)
    maximum = n.op == 'MaxPool'
    # ONNX pads a MaxPool with -infinity; an average would count zeros that TensorFlow wrote.
    x, outer = _take_pad(low, x, lambda fill: maximum and fill <= np.finfo(np.float32).min)
    pads = [a + b for a, b in zip(own, outer)]
    shape = (x.shape[0], *out, x.shape[3])
    whole = out == [1, 1] and not any(pads) and tuple(kernel) == x.shape[1:3]
    x = low.ordered(x, NCHW)
    if whole and not maximum:
        low.b.add('GlobalAveragePool', [x.name], n.name)
    else:
        low.b.add('MaxPool' if maximum else 'AveragePool', [x.name], n.name, kernel_shape=kernel,
                  strides=strides, pads=pads)
    return Value(n.name, shape, NCHW)


def _resize(low, n, args):
    x, size = low.ordered(low.symbol(n, args[0]), NCHW), low.number(n, args[1])
    out = (x.shape[0], int(size[0]), int(size[1]), x.shape[3])
    if n.attr('half_pixel_centers', False):
        mode = 'half_pixel'
    else:
        mode = 'align_corners' if n.attr('align_corners', False) else 'asymmetric'
    sizes = low.b.ints([out[p] for p in NCHW])
    low.b.add('Resize', [x.name, '', '', sizes], n.name, mode='linear',
              coordinate_transformation_mode=mode)
    return Value(n.name, out, NCHW)


def _pad(low, n, args):
    x, amounts = low.ready(low.symbol(n, args[0])), low.number(n, args[1])
    fill = float(low.number(n, args[2]).reshape(())) if n.op == 'PadV2' else 0.0
    amounts = [(int(a), int(b)) for a, b in amounts]
    shape = [d + a + b for d, (a, b) in zip(x.shape, amounts)]
    return Value(x.name, shape, x.perm, pad=(amounts, fill))


def _concat(low, n, args):
    axis = int(low.number(n, args[-1])) % args[0].rank
    first = low.ready(low.symbol(n, args[0]))
    parts = [first] + [low.ordered(low.symbol(n, a), first.perm) for a in args[1:-1]]
    low.b.add('Concat', [p.name for p in parts], n.name, axis=first.perm.index(axis))
    shape = list(first.shape)
    shape[axis] = sum(p.shape[axis] for p in parts)
    return Value(n.name, shape, first.perm)


def _split(low, n, args):
    x = low.ready(low.symbol(n, args[0]))
    sizes, axis = [int(s) for s in low.number(n, args[1])], int(low.number(n, args[2])) % x.rank
    rest = x.shape[axis] - sum(s for s in sizes if s >= 0)
    sizes = [rest if s < 0 else s for s in sizes]
    names = [n.name if i == 0 else f'{n.name}:{i}' for i in range(len(sizes))]
    low.b.add('Split', [x.name, low.b.ints(sizes)], names, axis=x.perm.index(axis))
    return [Value(name, [s if i == axis else d for i, d in enumerate(x.shape)], x.perm)
            for name, s in zip(names, sizes)]


def _transpose(low, n, args):
    x, order = low.symbol(n, args[0]), [int(p) for p in low.number(n, args[1])]
    pad = x.pad and ([x.pad[0][p] for p in order], x.pad[1])
    return Value(x.name, [x.shape[p] for p in order], [order.index(p) for p in x.perm], pad)


def _reshape(low, n, args):
    x, shape = low.plain(low.symbol(n, args[0])), [int(d) for d in low.number(n, args[1])]
    if -1 in shape:
        known = -int(np.prod(shape, dtype=np.int64))
        shape[shape.index(-1)] = int(np.prod(x.shape, dtype=np.int64)) // known
    return Value(low.b.reshape(x.name, x.onnx_shape, shape, n.name), shape)


def _drop_axes(low, n, x, axes):
    """x without axes of size 1; the order of the others stays."""
    if any(x.shape[a] != 1 for a in axes):
        raise n.error(f'axes {axes} of {x.shape} are not all 1')
    left = [a for a in range(x.rank) if a not in axes]
    perm = [left.index(p) for p in x.perm if p in left]
    shape = [x.shape[a] for a in left]
    name = low.b.reshape(x.name, x.onnx_shape, [shape[p] for p in perm], n.name)
    return Value(name, shape, perm)


def _squeeze(low, n, args):
    x = low.ready(low.symbol(n, args[0]))
    axes = n.attr('squeeze_dims') or [a for a, d in enumerate(x.shape) if d == 1]
    return _drop_axes(low, n, x, [a % x.rank for a in axes])


def _unpack(low, n, args):
    x = low.ready(low.symbol(n, args[0]))
    return _drop_axes(low, n, x, [n.attr('axis', 0) % x.rank])


def _expand_dims(low, n, args):
    x = low.ready(low.symbol(n, args[0]))
    axis = int(low.number(n, args[1]).reshape(())) % (x.rank + 1)
    perm = [p + (p >= axis) for p in x.perm]
    perm.insert(axis, axis)
    shape = list(x.shape)
    shape.insert(axis, 1)
    name = low.b.reshape(x.name, x.onnx_shape, [shape[p] for p in perm], n.name)
    return Value(name, shape, perm)


def _pass(low, n, args):
    return args[0]


def _cast(low, n, args):
    """Of the input only: 0 to 255 comes as float from the start."""
    if n.attr('DstT') != 'DT_FLOAT':
        raise n.error('only a cast to float is supported')
    return args[0]


def _placeholder(low, n, args):
    shape = n.attr('shape')
    if shape and shape[0] == -1:
        shape[0] = 1  # an open batch
    if not shape or any(d <= 0 for d in shape):
        raise n.error(f'input shape {shape} is not fixed')
    picture = len(shape) == 4 and shape[3] in (1, 3) and shape[1] not in (1, 3)
    v = Value(n.name, shape, NCHW if picture else None)
    low.b.input(n.name, v.onnx_shape)
    return v


ACTIVATIONS = {'Relu': _unary('Relu'), 'Relu6': _relu6, 'LeakyRelu': _leaky_relu,
               'Sigmoid': _unary('Sigmoid'), 'Tanh': _unary('Tanh')}

OPS = {
    **ACTIVATIONS,
    'Placeholder': _placeholder, 'Identity': _pass, 'Cast': _cast,
    'Conv2D': _conv, '_FusedConv2D': _fused_conv(False),
    'DepthwiseConv2dNative': lambda low, n, args: _conv(low, n, args, depthwise=True),
    'FusedDepthwiseConv2dNative': _fused_conv(True),
    'Conv2DBackpropInput': _conv_transpose, 'MatMul': _matmul,
    'Add': _binary('Add'), 'AddV2': _binary('Add'), 'BiasAdd': _binary('Add'), 'AddN': _add_n,
    'Sub': _binary('Sub'), 'Mul': _mul, 'RealDiv': _binary('Div'),
    'AvgPool': _pool, 'MaxPool': _pool, 'ResizeBilinear': _resize,
    'Pad': _pad, 'PadV2': _pad, 'ConcatV2': _concat, 'SplitV': _split,
    'Transpose': _transpose, 'Reshape': _reshape, 'Squeeze': _squeeze, 'Unpack': _unpack,
    'ExpandDims': _expand_dims,
}
