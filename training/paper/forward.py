# SPDX-License-Identifier: Apache-2.0
"""The layers of the paper's networks in numpy, for the sample that their weights are scaled on."""
import itertools

import numpy as np


def convolve(x, weights, strides, pads):
    """x: N x C x spatial; one product per tap of the kernel, as nothing is copied then."""
    kernel = weights.shape[2:]
    x = np.pad(x, [(0, 0), (0, 0)] + [(p, p) for p in pads])
    out = [(n - k) // s + 1 for n, k, s in zip(x.shape[2:], kernel, strides)]
    z = np.zeros((len(x), len(weights), int(np.prod(out))), np.float32)
    for tap in itertools.product(*map(range, kernel)):
        cut = tuple(slice(t, t + s * (o - 1) + 1, s) for t, s, o in zip(tap, strides, out))
        seen = x[(slice(None), slice(None)) + cut].reshape(len(x), x.shape[1], -1)
        z += np.matmul(weights[(slice(None), slice(None)) + tap], seen)
    return z.reshape([len(x), len(weights)] + out)


def max_pool(x, kernel):
    """Stride = kernel; what is left over at the end is pooled too, as Caffe does."""
    short = [-n % k for n, k in zip(x.shape[2:], kernel)]
    x = np.pad(x, [(0, 0), (0, 0)] + [(0, s) for s in short], constant_values=-np.inf)
    split = [d for n, k in zip(x.shape[2:], kernel) for d in (n // k, k)]
    x = x.reshape(list(x.shape[:2]) + split)
    return x.max(tuple(range(3, x.ndim, 2)))


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def lstm(from_x, recurrent, peepholes):
    """One direction. from_x: T x 4H, bias included, gates i, o, f, c. (h: T x H, R h: T x 4H)."""
    hidden = recurrent.shape[1]
    h, c = np.zeros(hidden, np.float32), np.zeros(hidden, np.float32)
    p_i, p_o, p_f = np.split(peepholes, 3)
    hs, products = np.empty((len(from_x), hidden), np.float32), np.empty_like(from_x)
    for t, x in enumerate(from_x):
        products[t] = recurrent @ h
        i, o, f, g = np.split(x + products[t], 4)
        c = sigmoid(f + p_f * c) * c + sigmoid(i + p_i * c) * np.tanh(g)
        h = sigmoid(o + p_o * c) * np.tanh(c)
        hs[t] = h
    return hs, products
