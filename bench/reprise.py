# SPDX-License-Identifier: Apache-2.0
"""libreprise for Python: Model, Stream, run(frame) -> outputs, statistics. ctypes and numpy only.

    model = reprise.Model('net.onnx', shapes={'x': (1, 3, 640, 640)})
    stream = model.stream(gate='deadzone:4/255')
    outputs = stream.run(rgb)             # u8 height x width x 3, or float32 in the input's shape
    stream.stats().macs_executed

The library is found in build/src, or where REPRISE_LIB says.
"""
import ctypes as c
import os

import numpy as np

_ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
_MAX_RANK = 8
_DTYPES = {1: np.float32, 2: np.uint8, 3: np.int8, 4: np.uint16, 5: np.int16, 6: np.int32,
           7: np.int64, 9: np.bool_, 10: np.float16, 11: np.float64, 12: np.uint32, 13: np.uint64}


class Error(Exception):
    """A status of the library with its one line of text."""


# ---------------------------------------------- structures, as in reprise/reprise.h


class _Error(c.Structure):
    _fields_ = [('message', c.c_char * 1024)]


class _TensorInfo(c.Structure):
    _fields_ = [('name', c.c_char_p), ('dtype', c.c_int), ('rank', c.c_int),
                ('dim', c.c_int64 * _MAX_RANK), ('bytes', c.c_size_t)]


class _InputShape(c.Structure):
    _fields_ = [('name', c.c_char_p), ('rank', c.c_int), ('dim', c.c_int64 * _MAX_RANK)]


_LogFn = c.CFUNCTYPE(None, c.c_void_p, c.c_int, c.c_char_p)


class _InputValue(c.Structure):
    _fields_ = [('name', c.c_char_p), ('value', c.POINTER(c.c_double)), ('n', c.c_size_t)]


class _Carry(c.Structure):
    _fields_ = [('input', c.c_char_p), ('output', c.c_char_p), ('initial', c.c_void_p),
                ('bytes', c.c_size_t)]


class _Window(c.Structure):
    _fields_ = [('input', c.c_char_p), ('axis', c.c_int), ('length', c.c_int64),
                ('hop', c.c_int64)]


class _ModelOptions(c.Structure):
    _fields_ = [('struct_size', c.c_size_t), ('shapes', c.POINTER(_InputShape)),
                ('n_shapes', c.c_size_t), ('log', _LogFn), ('log_user', c.c_void_p),
                ('fit', c.c_int), ('fixed', c.POINTER(_InputValue)), ('n_fixed', c.c_size_t),
                ('carry', c.POINTER(_Carry)), ('n_carry', c.c_size_t),
                ('window', c.POINTER(_Window))]


class WindowInfo(c.Structure):
    _fields_ = [('length', c.c_int64), ('hop', c.c_int64), ('calls', c.c_int64),
                ('lead', c.c_int64), ('macs', c.c_int64), ('macs_hop', c.c_int64),
                ('state_bytes', c.c_size_t), ('n_layers', c.c_size_t)]


class WindowLayer(c.Structure):
    _fields_ = [('name', c.c_char_p), ('op', c.c_char_p), ('verdict', c.c_int),
                ('reason', c.c_char_p), ('columns', c.c_int64), ('computed', c.c_int64),
                ('macs', c.c_int64), ('macs_hop', c.c_int64)]


class LayerInfo(c.Structure):
    _fields_ = [('name', c.c_char_p), ('op', c.c_char_p), ('macs', c.c_int64),
                ('parameters', c.c_int64), ('weighted', c.c_int), ('sparse', c.c_int),
                ('gate', c.c_int), ('gated', c.c_int64), ('compares', c.c_int),
                ('quantised', c.c_int), ('recurrent', c.c_int)]


class _Gate(c.Structure):
    _fields_ = [('kind', c.c_int), ('levels', c.c_int), ('threshold', c.c_double),
                ('lo', c.c_double), ('hi', c.c_double)]


class _LayerGate(c.Structure):
    _fields_ = [('layer', c.c_size_t), ('gate', _Gate)]


class _StreamOptions(c.Structure):
    _fields_ = [('struct_size', c.c_size_t), ('gate', _Gate), ('refresh', c.c_int),
                ('threads', c.c_int), ('policy', c.c_int), ('seed', c.c_uint64),
                ('allow_nonfinite', c.c_int), ('trace', c.c_int), ('all_gates', c.c_int),
                ('bypass', c.c_int), ('oracle', c.c_int),
                ('weights', c.c_int),
                ('layer_gates', c.POINTER(_LayerGate)), ('n_layer_gates', c.c_size_t),
                ('noise', c.c_double), ('settle', c.c_int)]


class _Input(c.Structure):
    _fields_ = [('data', c.c_void_p), ('bytes', c.c_size_t), ('format', c.c_int),
                ('row_bytes', c.c_size_t), ('scale', c.c_float * 4), ('offset', c.c_float * 4)]


class _Rect(c.Structure):
    _fields_ = [('x', c.c_int32), ('y', c.c_int32), ('w', c.c_int32), ('h', c.c_int32)]


class _Mask(c.Structure):
    _fields_ = [('damage', c.POINTER(_Rect)), ('n_damage', c.c_size_t),
                ('ignore', c.POINTER(_Rect)), ('n_ignore', c.c_size_t)]


class _Output(c.Structure):
    _fields_ = [('data', c.c_void_p), ('bytes', c.c_size_t), ('keep', c.c_int)]


class FrameStats(c.Structure):
    _fields_ = [('frame', c.c_uint64), ('inputs', c.c_int64), ('changed', c.c_int64),
                ('macs_dense', c.c_int64), ('macs_executed', c.c_int64), ('ms', c.c_double),
                ('layers', c.c_int * 3), ('refreshed', c.c_int), ('bypassed', c.c_int),
                ('cut', c.c_int), ('cost', c.c_double), ('cost_dense', c.c_double)]


class LayerStats(c.Structure):
    _fields_ = [('choice', c.c_int), ('inputs', c.c_int64), ('changed', c.c_int64),
                ('macs_dense', c.c_int64), ('macs_executed', c.c_int64), ('ms', c.c_double),
                ('range_lo', c.c_float), ('range_hi', c.c_float),
                ('pixels', c.c_int64), ('changed_pixels', c.c_int64),
                ('weight_bytes', c.c_int64)]


class Oracle(c.Structure):
    _fields_ = [('worst', c.c_double), ('max_rel', c.c_double), ('layer', c.c_size_t)]


# ... and in reprise/metric.h and reprise/audit.h

_BeginFn = c.CFUNCTYPE(None, c.c_void_p)
_AddFn = c.CFUNCTYPE(c.c_int, c.c_void_p, c.POINTER(_Output), c.POINTER(_Output), c.c_size_t)
_ErrorFn = c.CFUNCTYPE(c.c_double, c.c_void_p)


class _Metric(c.Structure):
    _fields_ = [('user', c.c_void_p), ('begin', _BeginFn), ('add', _AddFn), ('error', _ErrorFn),
                ('deviation', _ErrorFn)]


class _AuditOptions(c.Structure):
    _fields_ = [('struct_size', c.c_size_t), ('every', c.c_int), ('spread', c.c_int),
                ('window', c.c_int), ('budget', c.c_double), ('power', c.c_double), ('metric', c.POINTER(_Metric)),
                ('log', _LogFn), ('log_user', c.c_void_p)]


class AuditStats(c.Structure):
    _fields_ = [('frames', c.c_int64), ('audits', c.c_int64), ('last_frame', c.c_int64),
                ('last', c.c_double), ('mean', c.c_double), ('worst', c.c_double),
                ('seen', c.c_double), ('breaches', c.c_int64), ('loosened', c.c_int64),
                ('scale', c.c_double), ('share', c.c_double), ('cost', c.c_double),
                ('ms', c.c_double)]


# ------------------------------------------------------------------------- library

_P = c.c_void_p
_SIGNATURES = {
    'rpr_strerror': (c.c_char_p, [c.c_int]),
    'rpr_version': (c.c_uint32, []),
    'rpr_isa': (c.c_char_p, []),
    'rpr_model_options_init': (None, [c.POINTER(_ModelOptions)]),
    'rpr_model_load': (c.c_int, [c.c_char_p, c.POINTER(_ModelOptions), c.POINTER(_P),
                                 c.POINTER(_Error)]),
    'rpr_model_destroy': (None, [_P]),
    'rpr_model_n_inputs': (c.c_size_t, [_P]),
    'rpr_model_n_outputs': (c.c_size_t, [_P]),
    'rpr_model_input': (c.c_int, [_P, c.c_size_t, c.POINTER(_TensorInfo)]),
    'rpr_model_output': (c.c_int, [_P, c.c_size_t, c.POINTER(_TensorInfo)]),
    'rpr_model_n_layers': (c.c_size_t, [_P]),
    'rpr_model_layer': (c.c_int, [_P, c.c_size_t, c.POINTER(LayerInfo)]),
    'rpr_model_bytes': (c.c_size_t, [_P]),
    'rpr_model_window': (c.c_int, [_P, c.POINTER(WindowInfo)]),
    'rpr_model_window_layer': (c.c_int, [_P, c.c_size_t, c.POINTER(WindowLayer)]),
    'rpr_stream_window_missing': (c.c_int64, [_P]),
    'rpr_stream_options_init': (None, [c.POINTER(_StreamOptions)]),
    'rpr_stream_create': (c.c_int, [_P, c.POINTER(_StreamOptions), c.POINTER(_P),
                                    c.POINTER(_Error)]),
    'rpr_stream_destroy': (None, [_P]),
    'rpr_stream_run': (c.c_int, [_P, c.POINTER(_Input), c.c_size_t, c.POINTER(_Output),
                                 c.c_size_t]),
    'rpr_stream_run_masked': (c.c_int, [_P, c.POINTER(_Input), c.c_size_t, c.POINTER(_Mask),
                                        c.POINTER(_Output), c.c_size_t]),
    'rpr_stream_error': (c.c_char_p, [_P]),
    'rpr_stream_reset': (None, [_P]),
    'rpr_stream_refresh': (c.c_int, [_P]),
    'rpr_stream_state_bytes': (c.c_size_t, [_P]),
    'rpr_stream_frame_stats': (c.c_int, [_P, c.POINTER(FrameStats)]),
    'rpr_stream_layer_stats': (c.c_int, [_P, c.c_size_t, c.POINTER(LayerStats)]),
    'rpr_stream_time_layers': (None, [_P, c.c_int]),
    'rpr_stream_scale_gates': (c.c_int, [_P, c.c_double]),
    'rpr_stream_gate_scale': (c.c_double, [_P]),
    'rpr_audit_options_init': (None, [c.POINTER(_AuditOptions)]),
    'rpr_audit_create': (c.c_int, [_P, c.POINTER(_AuditOptions), c.POINTER(_P),
                                   c.POINTER(_Error)]),
    'rpr_audit_destroy': (None, [_P]),
    'rpr_audit_frame': (c.c_int, [_P, c.POINTER(_Input), c.c_size_t]),
    'rpr_audit_error': (c.c_char_p, [_P]),
    'rpr_audit_get_stats': (None, [_P, c.POINTER(AuditStats)]),
    'rpr_stream_oracle': (c.c_int, [_P, c.POINTER(Oracle)]),
}


def load_library(path=None):
    """Opens libreprise and declares its functions."""
    path = path or os.environ.get('REPRISE_LIB') or os.path.join(_ROOT, 'build/src/libreprise.so')
    lib = c.CDLL(path)
    for name, (result, arguments) in _SIGNATURES.items():
        function = getattr(lib, name)
        function.restype, function.argtypes = result, arguments
    return lib


def parse_gate(text):
    """'off', 'exact', 'levels:C', 'deadzone:T' where T may be a fraction like 4/255."""
    kind, _, value = text.partition(':')
    kinds = {'off': 0, 'exact': 1, 'levels': 2, 'deadzone': 3}
    if kind not in kinds or bool(value) != (kind in ('levels', 'deadzone')):
        raise ValueError(f'gate {text}: expected off, exact, levels:C or deadzone:T')
    gate = _Gate(kinds[kind], 0, 0.0)
    if kind == 'levels':
        gate.levels = int(value)
    elif kind == 'deadzone':
        top, _, bottom = value.partition('/')
        gate.threshold = float(top) / float(bottom or 1)
    return gate


class Tensor:
    """Name, shape and element type of a model's input or output."""

    def __init__(self, info):
        self.name = info.name.decode()
        self.shape = tuple(info.dim[:info.rank])
        self.dtype = np.dtype(_DTYPES[info.dtype])


class Model:
    """A loaded network. Streams keep it alive.

    fixed: {input: number}, inputs that are constants; carry: {input: output}, inputs that streams
    take from the frame before; window: (axis, length, hop) of the first input, which slides."""

    def __init__(self, path, shapes=None, library=None, fit=False, fixed=None, carry=None,
                 window=None):
        self._lib = library or load_library()
        self._handle = _P()
        options, error, lines = _ModelOptions(), _Error(), []
        self._lib.rpr_model_options_init(options)
        wanted = [_input_shape(name, shape) for name, shape in (shapes or {}).items()]
        options.shapes = (_InputShape * max(len(wanted), 1))(*wanted)
        options.n_shapes = len(wanted)
        options.fit = int(fit)
        numbers = [c.c_double(number) for number in (fixed or {}).values()]
        values = [_InputValue(name.encode(), c.pointer(number), 1)
                  for name, number in zip(fixed or {}, numbers)]
        pairs = [_Carry(name.encode(), output.encode(), None, 0)
                 for name, output in (carry or {}).items()]
        options.fixed = (_InputValue * max(len(values), 1))(*values)
        options.n_fixed = len(values)
        options.carry = (_Carry * max(len(pairs), 1))(*pairs)
        options.n_carry = len(pairs)
        if window:
            options.window = c.pointer(_Window(None, *window))
        options.log = _LogFn(lambda user, level, line: lines.append(line.decode()))
        status = self._lib.rpr_model_load(os.fsencode(path), options, c.byref(self._handle), error)
        if status:
            raise Error('\n'.join([error.message.decode()] + lines))
        self.inputs = self._tensors('input')
        self.outputs = self._tensors('output')

    def __del__(self):
        if getattr(self, '_handle', None):
            self._lib.rpr_model_destroy(self._handle)
            self._handle = None

    def _tensors(self, kind):
        count = getattr(self._lib, f'rpr_model_n_{kind}s')(self._handle)
        infos = [_TensorInfo() for _ in range(count)]
        for i, info in enumerate(infos):
            getattr(self._lib, f'rpr_model_{kind}')(self._handle, i, info)
        return [Tensor(info) for info in infos]

    def layers(self):
        infos = [LayerInfo() for _ in range(self._lib.rpr_model_n_layers(self._handle))]
        for i, info in enumerate(infos):
            self._lib.rpr_model_layer(self._handle, i, info)
        return infos

    def window(self):
        info = WindowInfo()
        if self._lib.rpr_model_window(self._handle, info):
            raise Error('loaded without a window')
        return info

    def window_layers(self):
        """Of the nodes as they were without the window."""
        infos = [WindowLayer() for _ in range(self.window().n_layers)]
        for i, info in enumerate(infos):
            self._lib.rpr_model_window_layer(self._handle, i, info)
        return infos

    def stream(self, gate='exact', **options):
        """options: layers (layer index: gate, or the numbers of rpr_gate), refresh, threads,
        policy, seed, allow_nonfinite, all_gates, oracle, weights, noise, settle,
        scale, offset."""
        return Stream(self, gate, **options)


def _input_shape(name, shape):
    s = _InputShape(name.encode() if name else None, len(shape))
    s.dim[:len(shape)] = shape
    return s


class Stream:
    """One video. scale and offset turn a u8 picture into the network's numbers."""

    def __init__(self, model, gate='exact', scale=1 / 255, offset=0.0, **options):
        self.model, self._lib, self._handle = model, model._lib, _P()
        o, error = _StreamOptions(), _Error()
        self._lib.rpr_stream_options_init(o)
        o.gate = parse_gate(gate)
        layers = options.pop('layers', {})
        o.layer_gates = (_LayerGate * len(layers))(*[_LayerGate(k, parse_gate(v) if
                                                                isinstance(v, str) else _Gate(*v))
                                                     for k, v in layers.items()])
        o.n_layer_gates = len(layers)
        for key, value in options.items():
            if key not in dict(_StreamOptions._fields_):
                raise TypeError(f'no stream option {key}')
            setattr(o, key, value)
        if self._lib.rpr_stream_create(model._handle, o, c.byref(self._handle), error):
            raise Error(error.message.decode())
        self._scale = (c.c_float * 4)(*[scale] * 4)
        self._offset = (c.c_float * 4)(*[offset] * 4)
        self._buffers = [np.empty(t.shape, t.dtype) for t in model.outputs]
        self._outputs = (_Output * len(self._buffers))(
            *[_Output(b.ctypes.data, b.nbytes, 1) for b in self._buffers])

    def __del__(self):
        if getattr(self, '_handle', None):
            self._lib.rpr_stream_destroy(self._handle)
            self._handle = None

    def _input(self, array, tensor):
        array = np.ascontiguousarray(array)
        picture = array.dtype == np.uint8 and tensor.dtype != np.uint8
        if not picture and (array.dtype != tensor.dtype or array.shape != tensor.shape):
            raise Error(f'input {tensor.name} is {tensor.dtype} {tensor.shape}, '
                        f'given {array.dtype} {array.shape}')
        return array, _Input(array.ctypes.data, array.nbytes, int(picture), 0, self._scale,
                             self._offset)

    def _inputs(self, frames):
        made = [self._input(f, t) for f, t in zip(frames, self.model.inputs)]
        return made, (_Input * len(made))(*[i for _, i in made])

    def run_shared(self, *frames, damage=None, ignore=()):
        """Runs one frame; the arrays returned are the stream's, which overwrites what changes with
        the next call: not to be written to. damage and ignore:
        rectangles (x, y, w, h) of a single input; damage None: anything may have changed."""
        mask = None
        if damage is not None or ignore:
            rects = [(_Rect * max(len(r or ()), 1))(*[_Rect(*v) for v in r or ()])
                     for r in (damage, ignore)]
            mask = _Mask(rects[0] if damage is not None else None, len(damage or ()), rects[1],
                         len(ignore))
        made, inputs = self._inputs(frames)
        status = self._lib.rpr_stream_run_masked(self._handle, inputs, len(made), mask, self._outputs,
                                                 len(self._buffers))
        if status:
            raise Error(self._lib.rpr_stream_error(self._handle).decode() or
                        self._lib.rpr_strerror(status).decode())
        return self._buffers

    def run(self, *frames, **mask):
        """Runs one frame: u8 height x width x channels, or arrays of the inputs' shapes."""
        return [b.copy() for b in self.run_shared(*frames, **mask)]

    def reset(self):
        self._lib.rpr_stream_reset(self._handle)

    def scale_gates(self, scale):
        if self._lib.rpr_stream_scale_gates(self._handle, scale):
            raise Error(self._lib.rpr_stream_error(self._handle).decode())

    def refresh(self):
        self._lib.rpr_stream_refresh(self._handle)

    def stats(self):
        s = FrameStats()
        self._lib.rpr_stream_frame_stats(self._handle, s)
        return s

    def window_missing(self):
        return self._lib.rpr_stream_window_missing(self._handle)

    def layer_stats(self):
        count = self._lib.rpr_model_n_layers(self.model._handle)
        stats = [LayerStats() for _ in range(count)]
        for i, s in enumerate(stats):
            self._lib.rpr_stream_layer_stats(self._handle, i, s)
        return stats

    def oracle(self):
        o = Oracle()
        if self._lib.rpr_stream_oracle(self._handle, o):
            raise Error('the oracle needs a frame, a gate and the option oracle')
        return o

    def state_bytes(self):
        return self._lib.rpr_stream_state_bytes(self._handle)


class Audit:
    """Audits of a stream. metric: a function of the dense and our outputs of a frame (lists of
    arrays) that returns an error; None is relative L2. options: every, spread, window, budget."""

    def __init__(self, stream, metric=None, **options):
        self._stream, self._lib, self._handle = stream, stream._lib, _P()
        o, error, self.lines = _AuditOptions(), _Error(), []
        self._lib.rpr_audit_options_init(o)
        for key, value in options.items():
            if key not in ('every', 'spread', 'window', 'budget'):
                raise TypeError(f'no audit option {key}')
            setattr(o, key, value)
        self._log = _LogFn(lambda user, level, line: self.lines.append(line.decode()))
        o.log = self._log
        if metric:
            self._metric = self._make_metric(metric)
            o.metric = c.pointer(self._metric)
        if self._lib.rpr_audit_create(stream._handle, o, c.byref(self._handle), error):
            raise Error(error.message.decode())

    def __del__(self):
        if getattr(self, '_handle', None):
            self._lib.rpr_audit_destroy(self._handle)
            self._handle = None

    def _make_metric(self, metric):
        def arrays(outputs):
            return [np.ctypeslib.as_array(c.cast(outputs[i].data, c.POINTER(c.c_uint8)),
                                          (outputs[i].bytes,)).view(t.dtype).reshape(t.shape)
                    for i, t in enumerate(self._stream.model.outputs)]

        def add(user, dense, reuse, n):
            self._error = metric(arrays(dense), arrays(reuse))
            return 0

        return _Metric(None, _BeginFn(lambda user: None), _AddFn(add),
                       _ErrorFn(lambda user: self._error))

    def frame(self, *frames):
        """After each run of the stream, with the same frames."""
        made, inputs = self._stream._inputs(frames)
        if self._lib.rpr_audit_frame(self._handle, inputs, len(made)):
            raise Error(self._lib.rpr_audit_error(self._handle).decode())

    def stats(self):
        s = AuditStats()
        self._lib.rpr_audit_get_stats(self._handle, s)
        return s


def isa(library=None):
    return (library or load_library()).rpr_isa().decode()
