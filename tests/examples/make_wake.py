#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what the test of examples/wakeword listens to and with: networks with the inputs and
outputs of openWakeWord's, whose word is a noise that goes on, and sounds. usage: make_wake.py DIRECTORY
"""
import os
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from make_vad import sound


def save(path, nodes, entry, result, constants):
    def info(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(nodes, "wake", [info(*entry)], [info(*result)],
                              [numpy_helper.from_array(np.asarray(v), n) for n, v in constants])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7),
              path)


def mel(path, bands=32):
    """The mean size of 512 samples every 160 in every band."""
    node = helper.make_node
    save(path,
         [node("Abs", ["input"], ["size"]), node("Reshape", ["size", "line"], ["row"]),
          node("Conv", ["row", "w"], ["bands"], strides=[160]),
          node("Transpose", ["bands"], ["frames"], perm=[0, 2, 1]),
          node("Reshape", ["frames", "shape"], ["output"])],
         ("input", ["batch", "samples"]), ("output", [1, 1, "frames", bands]),
         [("w", np.full((bands, 1, 512), 1e-2 / 512, np.float32)),
          ("line", np.array([1, 1, -1], np.int64)), ("shape", np.array([1, 1, -1, bands], np.int64))])


def embedding(path):
    """Means over time of the bands, by two convolutions; the first goes on by 4 of 76 frames."""
    rng, node = np.random.default_rng(3), helper.make_node
    first = rng.uniform(0, 1, (8, 1, 4, 32)).astype(np.float32)
    second = rng.uniform(0, 1, (96, 8, 19, 1)).astype(np.float32)
    save(path,
         [node("Transpose", ["input_1"], ["x"], perm=[0, 3, 1, 2]),
          node("Conv", ["x", "first"], ["a"], strides=[4, 1]), node("Relu", ["a"], ["b"]),
          node("Conv", ["b", "second"], ["c"]),
          node("Transpose", ["c"], ["out"], perm=[0, 2, 3, 1])],
         ("input_1", ["batch", 76, 32, 1]), ("out", ["batch", 1, 1, 96]),
         [("first", first / first.sum(axis=(1, 2, 3), keepdims=True)),
          ("second", second / second.sum(axis=(1, 2, 3), keepdims=True))])


def head(path, length=16, outputs=1, bias=-12):
    """Sure when the embeddings are large on the mean."""
    node = helper.make_node
    save(path,
         [node("Flatten", ["x"], ["flat"], axis=1), node("Gemm", ["flat", "w", "b"], ["sum"]),
          node("Sigmoid", ["sum"], ["y"])],
         ("x", [1, length, 96]), ("y", [1, outputs]),
         [("w", np.full((length * 96, outputs), 2 / (length * 96), np.float32)),
          ("b", np.full(outputs, bias, np.float32))])


def main(folder):
    os.chdir(folder)
    mel("mel.onnx")
    mel("mel40.onnx", 40)
    embedding("embedding.onnx")
    head("noise.onnx")
    head("long.onnx", 22)
    head("three.onnx", 16, 3)
    head("shy.onnx", 16, 1, -1000)
    sound("talk.wav", 20, [(5, 6.6), (14, 15.6)])
    sound("talk8.wav", 20, [(5, 6.6), (14, 15.6)], 8000)
    sound("start.wav", 1.5, [(0, 1.5)])
    sound("none.wav", 0, [])
    whole = open("talk.wav", "rb").read()
    open("cut.wav", "wb").write(whole[:len(whole) // 2])
    y = np.zeros(20000, "<f4")
    y[9999] = np.nan
    y.tofile("nan.f32")


if __name__ == "__main__":
    main(sys.argv[1])
