# SPDX-License-Identifier: Apache-2.0
"""ONNX Runtime's static quantiser as its documentation asks to use it: on a prepared model."""
import onnx
import onnx.version_converter
from onnxruntime import quantization as q
from onnxruntime.quantization.shape_inference import quant_pre_process


def prepare(source, path, shape):
    """With fixed shapes, opset 13 or newer (scales by channel), and ONNX Runtime's own preparation.

    Without that, weights that come from Constant nodes are taken for activations."""
    model = onnx.load(source)
    for dim, size in zip(model.graph.input[0].type.tensor_type.shape.dim, shape):
        dim.ClearField('dim_param')
        dim.dim_value = size
    for output in model.graph.output:
        for dim in output.type.tensor_type.shape.dim:
            if dim.dim_param:
                dim.ClearField('dim_param')
    if max(o.version for o in model.opset_import if not o.domain) < 13:
        model = onnx.version_converter.convert_version(model, 13)
    onnx.save(model, path)
    quant_pre_process(path, path, skip_symbolic_shape=True)


class Feed(q.CalibrationDataReader):
    """Gives the quantiser one tensor after the other."""

    def __init__(self, name, tensors):
        self.list = [{name: t} for t in tensors]
        self.at = iter(self.list)

    def get_next(self):
        return next(self.at, None)

    def __len__(self):
        return len(self.list)


def quantise(source, path, tensors, method=q.CalibrationMethod.MinMax):
    """QDQ, u8 activations, s8 weights by channel; `source` is prepared."""
    name = onnx.load(source).graph.input[0].name
    q.quantize_static(source, path, Feed(name, tensors), quant_format=q.QuantFormat.QDQ,
                      per_channel=True, activation_type=q.QuantType.QUInt8,
                      weight_type=q.QuantType.QInt8, calibrate_method=method)
