#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two networks with DTLN's inputs and outputs, sounds, and what should come out. Both carry a mean
of what they heard in their states and do more to loud sounds, so that a lost state, a wrong order
or a shift of one sample shows.

usage: make_dtln.py DIRECTORY                writes networks and sounds
       make_dtln.py --check IN.wav OUT.wav   OUT is what NumPy makes of IN
"""
import sys
import wave

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

BLOCK, HOP = 512, 128
GAIN = np.linspace(-3, 5, 257).astype(np.float32).reshape(1, 1, 257)
TAPER = np.sin(np.linspace(0.1, 3, BLOCK)).astype(np.float32).reshape(1, 1, BLOCK) / 4


def network(path, entry, state, result, state_out, n, tail, constants):
    """mean: of |entry|, smoothed by the state; tail: nodes from entry and mean to result."""
    nodes = [helper.make_node("Abs", [entry], ["size"]),
             helper.make_node("ReduceMean", ["size"], ["now"], keepdims=0),
             helper.make_node("Mul", ["ones", "now"], ["wide"]),
             helper.make_node("Add", ["wide", state], ["both"]),
             helper.make_node("Mul", ["both", "half"], [state_out]),
             helper.make_node("ReduceMean", [state_out], ["mean"], keepdims=0)] + tail
    constants = dict(constants, ones=np.ones((1, 2, 128, 2), np.float32), half=np.float32(0.5))

    def info(name, shape):
        return helper.make_tensor_value_info(name, TensorProto.FLOAT, shape)
    graph = helper.make_graph(
        nodes, "stage", [info(entry, [1, 1, n]), info(state, [1, 2, 128, 2])],
        [info(result, [1, 1, n]), info(state_out, [1, 2, 128, 2])],
        [numpy_helper.from_array(np.asarray(v), k) for k, v in constants.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 11)], ir_version=6),
              path)


def networks(folder):
    network(folder + "/one.onnx", "input_2", "input_3", "activation_2", "tf_op_layer_stack_2", 257,
            [helper.make_node("Mul", ["gain", "mean"], ["logit"]),
             helper.make_node("Sigmoid", ["logit"], ["activation_2"])], {"gain": GAIN})
    network(folder + "/two.onnx", "input_4", "input_5", "conv1d_3", "tf_op_layer_stack_5", 512,
            [helper.make_node("Add", ["taper", "mean"], ["factor"]),
             helper.make_node("Mul", ["input_4", "factor"], ["conv1d_3"])], {"taper": TAPER})
    network(folder + "/small.onnx", "input_2", "input_3", "activation_2", "tf_op_layer_stack_2",
            200, [helper.make_node("Sigmoid", ["input_2"], ["activation_2"])], {})


def expected(x):
    """The same as examples/dtln.c and examples/denoise.c, whole sounds at a time."""
    blocks = -(-(len(x) + BLOCK - HOP) // HOP)
    padded = np.zeros(BLOCK - HOP + blocks * HOP)
    padded[BLOCK - HOP:BLOCK - HOP + len(x)] = x
    sums, one, two = np.zeros(len(padded)), 0.0, 0.0
    for at in range(0, blocks * HOP, HOP):
        bins = np.fft.rfft(padded[at:at + BLOCK])
        one = (one + np.abs(bins).mean()) / 2
        y = np.fft.irfft(bins / (1 + np.exp(-GAIN[0, 0] * one)))
        two = (two + np.abs(y).mean()) / 2
        sums[at:at + BLOCK] += y * (TAPER[0, 0] + two)
    return sums[BLOCK - HOP:BLOCK - HOP + len(x)]


def read(path):
    with wave.open(path) as f:
        assert (f.getframerate(), f.getnchannels(), f.getsampwidth()) == (16000, 1, 2)
        return np.frombuffer(f.readframes(f.getnframes()), "<i2")


def check(sound, out):
    x, y = read(sound) / 32768, read(out)
    want = np.clip(expected(x) * 32768, -32768, 32767)
    assert len(y) == len(x), f"{len(y)} samples instead of {len(x)}"
    off = np.abs(y - want).max()
    assert off <= 0.51, f"off by {off} of 32768"
    assert len(x) < BLOCK or np.abs(want).max() > 1000, "nothing to hear"


def write(path, x):
    with wave.open(path, "wb") as f:
        f.setparams((1, 2, 16000, 0, "NONE", ""))
        f.writeframes(x.astype("<i2").tobytes())


def main(folder):
    networks(folder)
    rng = np.random.default_rng(7)
    x = rng.normal(0, 3000, 20011) * np.repeat(rng.uniform(0, 3, 100), 201)[:20011]
    x[8000:12000] = 0
    x = np.clip(x, -32768, 32767)
    write(folder + "/talk.wav", x)
    write(folder + "/loud.wav", np.sign(x) * 32767)
    write(folder + "/blocks.wav", x[:1280])
    write(folder + "/short.wav", x[:100])
    write(folder + "/tick.wav", x[:1])
    write(folder + "/none.wav", x[:0])
    whole = open(folder + "/talk.wav", "rb").read()
    open(folder + "/cut.wav", "wb").write(whole[:len(whole) // 2])
    x.astype("<i2").tofile(folder + "/talk.s16")
    y = np.zeros(2000, "<f4")
    y[999] = np.nan
    y.tofile(folder + "/nan.f32")


if __name__ == "__main__":
    if sys.argv[1] == "--check":
        check(*sys.argv[2:])
    else:
        main(sys.argv[1])
