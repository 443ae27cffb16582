#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes 8-bit models from one that `reprise quantize` wrote of net.onnx, most of them broken.

usage: spoil_model.py MODEL DIRECTORY

signed.onnx and wraps.onnx are in order; all others have one thing wrong, by which they are named.
"""
import sys

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper


def read(path):
    m = onnx.load(path)
    return m, {i.name: i for i in m.graph.initializer}


def put(known, name, value):
    known[name].CopyFrom(numpy_helper.from_array(np.array(value), name))


def spoil(path, folder):
    """QDQ: parameters of the activations, and of weights by channel."""
    scales = {"nan": np.nan, "inf": np.inf, "zero": 0, "negative": -0.5}
    for name, v in scales.items():
        for tensor in ("x", "r"):
            m, known = read(path)
            put(known, tensor + "_scale", np.float32(v))
            onnx.save(m, f"{folder}/scale_{name}_{tensor}.onnx")
        m, known = read(path)
        w = numpy_helper.to_array(known["w1_scale"]).copy()
        w[3] = v
        put(known, "w1_scale", w)
        onnx.save(m, f"{folder}/scale_{name}_w1.onnx")
    spoilt = {"zero_type": ("r_zero_point", np.int32(3)),
              "zero_size": ("r_zero_point", np.zeros(3, np.uint8)),
              "zero_float": ("r_zero_point", np.float32(3)),
              "zero_short": ("w1_zero_point", np.zeros(15, np.int8)),
              "zero_bias": ("b1_zero_point", np.full(16, 7, np.int32)),
              "scale_short": ("w1_scale", np.ones(15, np.float32)),
              "scale_matrix": ("w1_scale", np.ones((4, 4), np.float32)),
              "scale_double": ("x_scale", np.float64(0.01))}
    for name, (tensor, value) in spoilt.items():
        m, known = read(path)
        put(known, tensor, value)
        onnx.save(m, f"{folder}/{name}.onnx")
    for name, axis in {"axis_high": 4, "axis_low": -5, "axis_other": 1}.items():
        m, _ = read(path)
        m.graph.node[0].attribute[0].i = axis
        onnx.save(m, f"{folder}/{name}.onnx")


def product(path, x_scale=0.01, w_zero=np.zeros(4, np.int8), y_zero=np.uint8(9), bias=0):
    """A QLinearConv as quantisers write it in the QOperator form."""
    given = {"xs": np.float32(x_scale), "xz": np.uint8(0), "w": np.full((4, 3, 3, 3), 100, np.int8),
             "ws": np.full(4, 0.01, np.float32), "wz": w_zero, "ys": np.float32(0.02),
             "yz": y_zero, "b": np.full(4, bias, np.int32)}
    nodes = [helper.make_node("QuantizeLinear", ["x", "xs", "xz"], ["xq"], "store"),
             helper.make_node("QLinearConv", ["xq", "xs", "xz", "w", "ws", "wz", "ys", "yz", "b"],
                              ["yq"], "product", pads=[1, 1, 1, 1]),
             helper.make_node("DequantizeLinear", ["yq", "ys", "yz"], ["y"], "back")]
    value = helper.make_tensor_value_info
    graph = helper.make_graph(nodes, "test", [value("x", TensorProto.FLOAT, [1, 3, 32, 32])],
                              [value("y", TensorProto.FLOAT, [1, 4, 32, 32])],
                              [numpy_helper.from_array(np.array(v), n) for n, v in given.items()])
    onnx.save(helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=7),
              path)


def main(path, folder):
    spoil(path, folder)
    product(folder + "/signed.onnx", y_zero=np.int8(9))
    product(folder + "/wraps.onnx", bias=2**31 - 1)  # sums beyond 32 bits: no integer layer
    product(folder + "/product_scale.onnx", x_scale=0)
    product(folder + "/product_w_zero.onnx", w_zero=np.zeros(3, np.int8))
    product(folder + "/product_w_type.onnx", w_zero=np.zeros(4, np.uint8))


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2])
