#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes what the test of examples/vad listens to and with: a network with the inputs and outputs
of silero_vad that hears loudness, smoothed by its state, and sounds. usage: make_vad.py DIRECTORY
"""
import sys
import wave

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def info(name, shape, kind=TensorProto.FLOAT):
    return helper.make_tensor_value_info(name, kind, shape)


def net(path, output="output"):
    ones = np.full((576, 1), 1 / 576, np.float32)
    constants = [("w", ones), ("spread", np.ones((2, 1, 128), np.float32)),
                 ("half", np.float32(0.5)), ("gain", np.float32(100)),
                 ("bias", np.float32(-5)), ("first", np.array([0], np.int64)),
                 ("shape", np.array([1, 1], np.int64)), ("rate", np.float32(1 / 16000))]
    nodes = [helper.make_node("Abs", ["input"], ["size"]),
             helper.make_node("MatMul", ["size", "w"], ["loud"]),
             helper.make_node("Cast", ["sr"], ["srf"], to=TensorProto.FLOAT),
             helper.make_node("Mul", ["srf", "rate"], ["one"]),
             helper.make_node("Mul", ["loud", "one"], ["heard"]),
             helper.make_node("Mul", ["spread", "heard"], ["wide"]),
             helper.make_node("Add", ["wide", "state"], ["sum"]),
             helper.make_node("Mul", ["sum", "half"], ["stateN"]),
             helper.make_node("ReduceMean", ["stateN"], ["mean"], keepdims=0),
             helper.make_node("Mul", ["mean", "gain"], ["scaled"]),
             helper.make_node("Add", ["scaled", "bias"], ["logit"]),
             helper.make_node("Reshape", ["logit", "shape"], ["flat"]),
             helper.make_node("Sigmoid", ["flat"], [output])]
    graph = helper.make_graph(
        nodes, "loudness",
        [info("input", [None, None]), info("state", [2, None, 128]),
         info("sr", [], TensorProto.INT64)],
        [info(output, [1, 1]), info("stateN", [2, 1, 128])],
        [numpy_helper.from_array(np.asarray(v), n) for n, v in constants])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7),
              path)


def sound(path, seconds, loud, rate=16000):
    """Silence, but for the pieces in `loud`, which are noise."""
    x = np.zeros(int(seconds * rate))
    noise = np.random.default_rng(5).uniform(-0.5, 0.5, len(x))
    for a, b in loud:
        x[int(a * rate):int(b * rate)] = noise[int(a * rate):int(b * rate)]
    with wave.open(path, "wb") as f:
        f.setparams((1, 2, rate, 0, "NONE", ""))
        f.writeframes((x * 32767).astype("<i2").tobytes())


def main(folder):
    net(folder + "/loud.onnx")
    net(folder + "/other.onnx", "score")
    sound(folder + "/talk.wav", 5, [(0.5, 1.5), (2, 2.1), (3, 4.5)])
    sound(folder + "/talk8.wav", 5, [(0.5, 1.5), (2, 2.1), (3, 4.5)], 8000)
    sound(folder + "/quiet.wav", 1, [])
    sound(folder + "/end.wav", 1.01, [(0.2, 1.01)])
    sound(folder + "/none.wav", 0, [])
    sound(folder + "/tick.wav", 1 / 16000, [])
    whole = open(folder + "/talk.wav", "rb").read()
    open(folder + "/cut.wav", "wb").write(whole[:len(whole) // 2])
    y = np.zeros(20000, "<f4")
    y[9999] = np.nan
    y.tofile(folder + "/nan.f32")


if __name__ == "__main__":
    main(sys.argv[1])
