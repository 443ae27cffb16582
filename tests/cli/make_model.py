#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the small models of the command line's test into a directory. The same bytes every time.

usage: make_model.py DIRECTORY
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def save(path, nodes, inputs, outputs, weights=(), domain="", extra=()):
    graph = helper.make_graph(
        nodes, "test",
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, d) for n, d in inputs] + list(extra),
        [helper.make_tensor_value_info(n, TensorProto.FLOAT, d) for n, d in outputs],
        [numpy_helper.from_array(w, n) for n, w in weights])
    opsets = [helper.make_opsetid(d, 13) for d in sorted({"", domain})]
    onnx.save(helper.make_model(graph, opset_imports=opsets, ir_version=7), path)


def conv_net(path, channels, shape, out):
    """conv 3x3 - relu - conv 3x3, stride 2."""
    rng = np.random.default_rng(7)
    w1 = (rng.standard_normal((16, channels, 3, 3)) / 4).astype(np.float32)
    b1 = (rng.standard_normal(16) / 4).astype(np.float32)
    w2 = (rng.standard_normal((8, 16, 3, 3)) / 12).astype(np.float32)
    save(path,
         [helper.make_node("Conv", ["x", "w1", "b1"], ["a"], "first", pads=[1, 1, 1, 1]),
          helper.make_node("Relu", ["a"], ["r"], "relu"),
          helper.make_node("Conv", ["r", "w2"], ["y/out:0"], "second", pads=[1, 1, 1, 1],
                           strides=[2, 2])],
         [("x", shape)], [("y/out:0", out)], [("w1", w1), ("b1", b1), ("w2", w2)])


def main(folder):
    conv_net(folder + "/net.onnx", 3, [1, 3, 32, 32], [1, 8, 16, 16])
    conv_net(folder + "/gray.onnx", 1, [1, 1, 32, 32], [1, 8, 16, 16])
    conv_net(folder + "/open.onnx", 3, [1, 3, "h", "w"], [1, 8, "p", "q"])
    save(folder + "/strange.onnx",
         [helper.make_node("Foo", ["x"], ["a"], "the_foo", domain="my.own"),
          helper.make_node("Bar", ["a"], ["y"], "the_bar", domain="my.own")],
         [("x", [1, 3, 32, 32])], [("y", [1, 3, 32, 32])], domain="my.own")
    save(folder + "/two.onnx", [helper.make_node("Add", ["a", "b"], ["y"])],
         [("a", [1, 3, 32, 32]), ("b", [1, 3, 32, 32])], [("y", [1, 3, 32, 32])])
    w = (np.random.default_rng(7).standard_normal((8, 3, 3, 3)) / 5).astype(np.float32)
    save(folder + "/state.onnx",
         [helper.make_node("Mul", ["x", "rate"], ["new"]),
          helper.make_node("Add", ["new", "s"], ["sum"]),
          helper.make_node("Mul", ["sum", "half"], ["sN"]),
          helper.make_node("Conv", ["sN", "w"], ["y"], pads=[1, 1, 1, 1])],
         [("s", [1, 3, 32, 32]), ("x", [1, 3, 32, 32]), ("rate", [])],
         [("y", [1, 8, 32, 32]), ("sN", [1, 3, 32, 32])],
         [("half", np.array(0.5, np.float32)), ("w", w)])
    save(folder + "/vector.onnx", [helper.make_node("Relu", ["x"], ["y"])],
         [("x", [1, 96])], [("y", [1, 96])])
    rng = np.random.default_rng(7)
    save(folder + "/steps.onnx",
         [helper.make_node("LSTM", ["x", "w", "r"], ["s"], "lstm", hidden_size=6,
                           direction="bidirectional"),
          helper.make_node("Reshape", ["s", "rows"], ["flat"], "flat"),
          helper.make_node("MatMul", ["flat", "m"], ["y"], "last")],
         [("x", [5, 1, 16])], [("y", [1, 3])],
         [("w", rng.standard_normal((2, 24, 16)).astype(np.float32) / 4),
          ("r", rng.standard_normal((2, 24, 6)).astype(np.float32) / 4),
          ("rows", np.array([1, 60])), ("m", rng.standard_normal((60, 3)).astype(np.float32))])
    save(folder + "/sequence.onnx",
         [helper.make_node("LSTM", ["x", "w", "r"], ["s"], "lstm", hidden_size=6),
          helper.make_node("Reshape", ["s", "rows"], ["flat"], "flat"),
          helper.make_node("MatMul", ["flat", "m"], ["y"], "last")],
         [("x", [5, 1, 16])], [("y", [5, 3])],
         [("w", rng.standard_normal((1, 24, 16)).astype(np.float32) / 4),
          ("r", rng.standard_normal((1, 24, 6)).astype(np.float32) / 4),
          ("rows", np.array([5, 6])), ("m", rng.standard_normal((6, 3)).astype(np.float32))])
    sound_nets(folder)
    window_nets(folder)


def window_nets(folder):
    """Nets that read a window of columns: of features, of samples, and of pictures."""
    rng = np.random.default_rng(7)

    def weights(*shape):
        return (rng.standard_normal(shape) / np.sqrt(np.prod(shape[1:]))).astype(np.float32)

    def mels(path, columns):
        """1xTx8x1: two convolutions along T, and the mean over what they give."""
        save(folder + path,
             [helper.make_node("Transpose", ["x"], ["t"], "turn", perm=[0, 3, 1, 2]),
              helper.make_node("Conv", ["t", "w1"], ["a"], "first", pads=[1, 1, 1, 1]),
              helper.make_node("Relu", ["a"], ["r"], "relu"),
              helper.make_node("Conv", ["r", "w2"], ["b"], "second"),
              helper.make_node("GlobalAveragePool", ["b"], ["m"], "mean"),
              helper.make_node("Flatten", ["m"], ["f"], "flat"),
              helper.make_node("Gemm", ["f", "w3"], ["y"], "last")],
             [("x", [1, columns, 8, 1])], [("y", [1, 5])],
             [("w1", weights(12, 1, 3, 3)), ("w2", weights(6, 12, 3, 8)), ("w3", weights(6, 5))])

    mels("/mels.onnx", 16)
    mels("/mels_open.onnx", "t")
    save(folder + "/ears.onnx",
         [helper.make_node("Conv", ["x", "w1"], ["a"], "first", strides=[4]),
          helper.make_node("Relu", ["a"], ["r"], "relu"),
          helper.make_node("Flatten", ["r"], ["f"], "flat"),
          helper.make_node("Gemm", ["f", "w2"], ["y"], "last")],
         [("x", [1, 1, 60])], [("y", [1, 3])],
         [("w1", weights(5, 1, 8)), ("w2", weights(5 * 14, 3))])
    save(folder + "/clip.onnx",
         [helper.make_node("Conv", ["x", "w1"], ["a"], "first", pads=[1] * 6),
          helper.make_node("Relu", ["a"], ["r"], "relu"),
          helper.make_node("MaxPool", ["r"], ["p"], "pool", kernel_shape=[1, 2, 2],
                           strides=[1, 2, 2]),
          helper.make_node("Flatten", ["p"], ["f"], "flat"),
          helper.make_node("Gemm", ["f", "w2"], ["y"], "last")],
         [("x", [1, 3, 6, 16, 24])], [("y", [1, 4])],
         [("w1", weights(8, 3, 3, 3, 3)), ("w2", weights(8 * 6 * 8 * 12, 4) / 20)])


def sound_nets(folder):
    """Nets that give back twice what they take, with a weighted layer for a gate."""
    def double(path, shape, width, **more):
        save(folder + path, [helper.make_node("MatMul", ["x", "w"], ["y"], "double")],
             [("x", shape)], [("y", shape)], [("w", 2 * np.eye(width, dtype=np.float32))], **more)

    double("/block.onnx", [1, 80], 80)
    double("/frames.onnx", [1, 10, 40], 40)
    double("/across.onnx", [1, 40, 6], 6)
    save(folder + "/rated.onnx",
         [helper.make_node("Cast", ["sr"], ["f"], to=TensorProto.FLOAT),
          helper.make_node("MatMul", ["x", "w"], ["d"], "double"),
          helper.make_node("Mul", ["d", "f"], ["y"])],
         [("x", [1, 80])], [("y", [1, 80])], [("w", 2 * np.eye(80, dtype=np.float32))],
         extra=[helper.make_tensor_value_info("sr", TensorProto.INT64, [])])


if __name__ == "__main__":
    main(sys.argv[1])
