# SPDX-License-Identifier: Apache-2.0
"""Who runs the networks: ONNX Runtime, OpenVINO, tract, frame skipping, and ours. One small interface.

    rival = rivals.OpenVino('net.onnx', network, threads=1)   # raises Unavailable with the reason
    prepared = rival.prepare(picture)                         # u8 picture to what it takes: not timed
    outputs = rival.run(prepared)                             # list of arrays, in the file's order

All compute in float32. Versions are pinned in scripts/venv.sh.
"""
import collections

import numpy as np

import reprise

# The input is u8 * scale + offset; shape is NCHW or NHWC.
Network = collections.namedtuple('Network', 'height width shape scale offset')


class Unavailable(Exception):
    """One line: why this rival cannot take part."""


def tensor(picture, network):
    """The float tensor that a network takes."""
    x = picture.astype(np.float32) * np.float32(network.scale) + np.float32(network.offset)
    if network.shape[1] == 3:
        x = x.transpose(2, 0, 1)
    return np.ascontiguousarray(x[None])


def load(module):
    try:
        return __import__(module)
    except ImportError as e:
        raise Unavailable(str(e)) from None


class OnnxRuntime:
    name = 'ONNX Runtime'

    def __init__(self, path, network, threads=1):
        ort = load('onnxruntime')
        options = ort.SessionOptions()
        options.intra_op_num_threads = threads
        options.inter_op_num_threads = 1
        options.log_severity_level = 3  # errors: the files hold unused constants
        # Its threads wait for work by spinning: within a run they may, in the others' turn not.
        options.add_session_config_entry('session.force_spinning_stop', '1')
        self.session = ort.InferenceSession(path, options, providers=['CPUExecutionProvider'])
        self.input, self.network = self.session.get_inputs()[0].name, network

    @staticmethod
    def version():
        return load('onnxruntime').__version__

    def prepare(self, picture):
        return {self.input: tensor(picture, self.network)}

    def run(self, prepared):
        return self.session.run(None, prepared)


class OpenVino:
    name = 'OpenVINO'

    def __init__(self, path, network, threads=1):
        core = load('openvino').Core()
        model = core.read_model(path)
        model.reshape({model.inputs[0]: list(network.shape)})
        compiled = core.compile_model(model, 'CPU', {
            'INFERENCE_NUM_THREADS': threads, 'INFERENCE_PRECISION_HINT': 'f32',
            'PERFORMANCE_HINT': 'LATENCY'})
        self.request, self.network = compiled.create_infer_request(), network
        self.outputs = compiled.outputs

    @staticmethod
    def version():
        return load('openvino').__version__.partition('-')[0]

    def prepare(self, picture):
        return tensor(picture, self.network)

    def run(self, prepared):
        results = self.request.infer({0: prepared}, share_inputs=True, share_outputs=True)
        return [results[o] for o in self.outputs]


class Tract:
    name = 'tract'

    def __init__(self, path, network, threads=1):
        self.tract, self.network = load('tract'), network
        if threads != 1:
            raise Unavailable('its Python package runs on one thread')
        try:
            model = self.tract.onnx().load(path)
            model.set_input_fact(0, ','.join(map(str, network.shape)) + ',f32')
            for output in range(model.output_count()):
                model.set_output_fact(output, None)
            self.state = model.into_model().into_runnable().spawn_state()
        except self.tract.TractError as e:
            raise Unavailable(self.cause(str(e))) from None

    @staticmethod
    def cause(text):
        """The first and the last line of a chain of causes, without the stack."""
        lines = [line.strip() for line in text.partition('Stack backtrace')[0].splitlines()]
        lines = [line for line in lines if line]
        return lines[0] if len(lines) == 1 else f'{lines[0]}: {lines[-1].partition(": ")[2]}'

    @staticmethod
    def version():
        return load('tract').version()

    def prepare(self, picture):
        return [self.tract.Tensor.from_numpy(tensor(picture, self.network))]

    def run(self, prepared):
        return [o.to_numpy() for o in self.state.run(prepared)]


class Ours:
    """A stream of ours with one gate; it starts from the u8 picture. Outputs live until the next run."""
    name = 'Reprise'

    def __init__(self, model, network, gate='off', threads=1, **options):
        try:
            self.stream = model.stream(gate, scale=network.scale, offset=network.offset,
                                       threads=threads, **options)
        except reprise.Error as e:
            raise Unavailable(str(e).splitlines()[0]) from None
        self.executed = self.dense = self.inputs = self.changed = 0

    @staticmethod
    def version():
        return '.'.join(str(reprise.load_library().rpr_version() >> s & 255) for s in (16, 8, 0))

    @staticmethod
    def prepare(picture):
        return picture

    def run(self, picture):
        return self.stream.run_shared(picture)

    def count(self):
        """Adds the last frame's counts."""
        s = self.stream.stats()
        self.executed += s.macs_executed
        self.dense += s.macs_dense
        self.inputs += s.inputs
        self.changed += s.changed


class FrameSkipping:
    """Whoever is given, on every k-th frame only; its outputs are repeated in between."""

    def __init__(self, inner, every):
        self.name, self.inner, self.every = f'every {every}', inner, every
        self.frame, self.held = 0, None

    def version(self):
        return self.inner.version()

    def prepare(self, picture):
        due = self.frame % self.every == 0
        self.frame += 1
        return self.inner.prepare(picture) if due else None

    def run(self, prepared):
        if prepared is not None:
            self.held = [np.array(o) for o in self.inner.run(prepared)]
        return self.held
