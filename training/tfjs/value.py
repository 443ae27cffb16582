# SPDX-License-Identifier: Apache-2.0
"""A tensor of the ONNX graph under construction, and the order of its axes."""

NCHW = (0, 3, 1, 2)


class Value:
    """
    A tensor of the ONNX graph. shape is TensorFlow's. pad is a padding that is not written yet, as
    (per-axis (before, after), fill). bias_slot is a convolution without bias: a constant per
    channel that is added to this value may be put there.
    """

    def __init__(self, name, shape, perm=None, pad=None, bias_slot=None):
        self.name, self.shape = name, tuple(int(d) for d in shape)
        self.perm = tuple(perm) if perm is not None else tuple(range(len(self.shape)))
        self.pad, self.bias_slot = pad, bias_slot

    @property
    def rank(self):
        return len(self.shape)

    @property
    def onnx_shape(self):
        return [self.shape[p] for p in self.perm]
