# SPDX-License-Identifier: Apache-2.0
"""The four networks, layer by layer as in sim/presets.c, with its names.

Every function takes a sample of the network's input, one sequence or a batch of pictures, or None.
"""
import numpy as np

from . import forward
from .build import Builder

SPLICE, BANDS = 9, 40  # frames side by side, and values of each
GROUP = 5              # of a p-norm
HIDDEN = 320


def p_norm(b, layer, outputs):
    """p = 2 over groups of 5, then divided by the root of the mean square."""
    groups = outputs // GROUP
    split, flat = b.constant(f'{layer}.split', np.array([-1, groups, GROUP])), [1]
    b.add('Reshape', [b.value, split], f'{layer}.groups')
    b.add('ReduceL2', [b.value], f'{layer}.pnorm', axes=[2], keepdims=0)
    norm = b.value
    b.add('Mul', [norm, norm], f'{layer}.square')
    b.add('ReduceMean', [b.value], f'{layer}.mean', axes=flat, keepdims=1)
    b.add('Sqrt', [b.value], f'{layer}.rms')
    b.add('Div', [norm, b.value], f'{layer}.normal')
    b.positive = True
    if b.x is not None:
        x = np.sqrt(np.square(b.x.reshape(-1, groups, GROUP)).sum(2))
        b.x = x / np.sqrt(np.square(x).mean(1, keepdims=True))


def kaldi(sample=None, centre=False):
    """One spliced frame a call. The scale before the softmax is part of FC6."""
    b = Builder('kaldi', [1, SPLICE * BANDS], sample, centre)
    b.fc('FC1', SPLICE * BANDS, 360)
    inputs = 360
    for layer in ('FC2', 'FC3', 'FC4', 'FC5'):
        b.fc(layer, inputs, 2000)
        p_norm(b, layer, 2000)
        inputs = 2000 // GROUP
    b.fc('FC6', inputs, 3482)
    b.add('Softmax', [b.value], 'posteriors', axis=1)
    return b.model([1, 3482])


def lstm_weights(b, inputs, x):
    """Weights of one direction and, with a sample x (T x inputs), its hidden values. Half of a gate's
    variance comes from the input, half from the previous hidden values; forget gates begin open, as
    the recipe has them."""
    half = np.float32(np.sqrt(0.5))
    w, r = b.draw((4 * HIDDEN, inputs), inputs), b.draw((4 * HIDDEN, HIDDEN), HIDDEN)
    p = b.rng.uniform(-0.1, 0.1, 3 * HIDDEN).astype(np.float32)
    bias, from_x = b.fit(None if x is None else x @ w.T, w)
    opened = np.repeat(np.float32([0, 0, 1, 0]), HIDDEN)
    w, r, bias = w * half, r * half, bias * half + opened
    h = None
    if x is not None:
        from_x = from_x * half + opened
        for _ in range(4):  # what the hidden values are depends on r
            h, products = forward.lstm(from_x, r, p)
            r *= half / np.float32(max(products.std(), 1e-12))
        h, _ = forward.lstm(from_x, r, p)
    return w, r, np.concatenate([bias, np.zeros_like(bias)]), p, h


def bilstm(b, layer, inputs, frames):
    both = [None, None] if b.x is None else [b.x, b.x[::-1]]
    directions = [lstm_weights(b, inputs, x) for x in both]
    w, r, bias, p = (np.stack([d[i] for d in directions]) for i in range(4))
    names = [b.constant(f'{layer}.{n}', v)
             for n, v in (('w', w), ('r', r), ('b', bias), ('p', p))]
    b.add('LSTM', [b.value, names[0], names[1], names[2], '', '', '', names[3]], layer,
          hidden_size=HIDDEN, direction='bidirectional')
    b.add('Transpose', [b.value], f'{layer}.order', perm=[0, 2, 1, 3])
    b.add('Reshape', [b.value, b.constant(f'{layer}.shape', np.array([frames, 1, 2 * HIDDEN]))],
          f'{layer}.both')
    if b.x is not None:
        b.x = np.concatenate([directions[0][4], directions[1][4][::-1]], 1)


def eesen(sample=None, centre=False, frames=50):
    """A chunk of `frames` frames a call: filter banks with their first and second differences."""
    b = Builder('eesen', [frames, 1, 3 * BANDS], sample, centre)
    inputs = 3 * BANDS
    for i in range(1, 6):
        bilstm(b, f'BiLSTM{i}', inputs, frames)
        inputs = 2 * HIDDEN
    b.add('Reshape', [b.value, b.constant('flat', np.array([frames, inputs]))], 'rows')
    b.fc('FC', inputs, 50)
    b.add('Softmax', [b.value], 'labels', axis=1)
    return b.model([frames, 50])


def c3d(sample=None, centre=False):
    """A clip of 16 pictures a call, 112 x 112, values -1 to 1."""
    b = Builder('c3d', [1, 3, 16, 112, 112], sample, centre)
    inputs = 3
    for name, outputs, pool in (
            ('conv1a', 64, [1, 2, 2]), ('conv2a', 128, [2, 2, 2]), ('conv3a', 256, None),
            ('conv3b', 256, [2, 2, 2]), ('conv4a', 512, None), ('conv4b', 512, [2, 2, 2]),
            ('conv5a', 512, None), ('conv5b', 512, [2, 2, 2])):
        b.conv(name, inputs, outputs, [3, 3, 3], [1, 1, 1], [1, 1, 1])
        b.relu(name + '.relu')
        if pool:
            b.max_pool('pool' + name[4], pool)
        inputs = outputs
    b.flatten('flat')
    for name, inputs, outputs in (('fc6', 8192, 4096), ('fc7', 4096, 4096)):
        b.fc(name, inputs, outputs)
        b.relu(name + '.relu')
    b.fc('fc8', 4096, 101)
    b.add('Softmax', [b.value], 'classes', axis=1)
    return b.model([1, 101])


def autopilot(sample=None, centre=False):
    """A picture a call, values 0 to 1."""
    b = Builder('autopilot', [1, 3, 66, 200], sample, centre)
    inputs = 3
    for i, (outputs, kernel, stride) in enumerate(
            ((24, 5, 2), (36, 5, 2), (48, 5, 2), (64, 3, 1), (64, 3, 1)), 1):
        b.conv(f'conv{i}', inputs, outputs, [kernel] * 2, [stride] * 2, [0, 0])
        b.relu(f'conv{i}.relu')
        inputs = outputs
    b.flatten('flat')
    inputs = 1152
    for i, outputs in enumerate((1164, 100, 50, 10, 1), 1):
        b.fc(f'fc{i}', inputs, outputs)
        if i < 5:
            b.relu(f'fc{i}.relu')
        inputs = outputs
    b.add('Atan', [b.value], 'angle')
    b.add('Mul', [b.value, b.constant('two', np.float32(2))], 'steering')
    return b.model([1, 1])


NETWORKS = {'kaldi': kaldi, 'eesen': eesen, 'c3d': c3d, 'autopilot': autopilot}
