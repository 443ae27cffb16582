# SPDX-License-Identifier: Apache-2.0
"""What benchmarks of networks that listen have in common: their table, of each recording."""
import os

import reprise
from report import publish

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def tables(title, table, args, onnxruntime):
    """Prints, and writes to args.o, a table(path, args, library) of every recording: of args.recordings,
    or of the speech and the radio of demo/streams."""
    library = reprise.load_library(os.path.join(ROOT, args.build, 'src/libreprise.so'))
    streams = os.path.join(ROOT, 'demo', 'streams')
    text = [f'{title}, one thread, {reprise.isa(library)}' +
            (f', ONNX Runtime {onnxruntime.__version__}' if onnxruntime else '')]
    for path in args.recordings or [os.path.join(streams, f) for f in ('speech.wav', 'radio.wav')]:
        text.append(table(path, args, library))
    publish('\n\n'.join(text) + '\n', args.o)
    return 0
