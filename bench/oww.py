# SPDX-License-Identifier: Apache-2.0
"""openWakeWord's networks in a row, fed as examples/wakeword feeds them: by ONNX Runtime, and by
Reprise on whole windows or on what is new of them."""
import os

import numpy as np

import reprise

RATE, HOP, CONTEXT = 16000, 1280, 480
FRAMES, WINDOW, BANDS, EMBEDDING = 8, 76, 32, 96
WORDS = ('alexa', 'hey-jarvis', 'hey-mycroft', 'hey-rhasspy')
FILES = ('oww-melspectrogram.onnx', 'oww-embedding.onnx') + tuple(f'oww-{w}.onnx' for w in WORDS)
HEAD = 16  # embeddings that a head sees


def blocks(x):
    """Samples (-1..1) as blocks in the range of 16 bits, every one with those before it."""
    padded = np.concatenate([np.zeros(CONTEXT, np.float32), x * np.float32(32768),
                             np.zeros(-len(x) % HOP, np.float32)])
    return np.lib.stride_tricks.sliding_window_view(padded, CONTEXT + HOP)[::HOP]


class Rows:
    """The last n rows, as one array without a copy of all of them every time."""

    def __init__(self, n, width):
        self._n, self._end = n, 0
        self._rows = np.zeros((n * 8, width), np.float32)

    def push(self, rows):
        if self._end + len(rows) > len(self._rows):
            self._rows[:self._n] = self._rows[self._end - self._n:self._end]
            self._end = self._n
        self._rows[self._end:self._end + len(rows)] = rows
        self._end += len(rows)
        return self._rows[max(self._end - self._n, 0):self._end]


class Pipeline:
    """run(block of 1760 samples) -> scores of all words, nan while their window is not full."""

    def __init__(self):
        self._mels, self._embeddings = Rows(WINDOW, BANDS), Rows(HEAD, EMBEDDING)
        self.embedding = self.spectra = None

    def run(self, block):
        scores = np.full(len(WORDS), np.nan)
        mel = self.mel(np.ascontiguousarray(block).reshape(1, -1)).reshape(FRAMES, BANDS)
        self.spectra = mel / np.float32(10) + np.float32(2)
        self.embedding = self.embed(self.spectra)
        if self.embedding is not None:
            for i in range(len(WORDS)):
                scores[i] = self.head(i, self.embedding.reshape(1, EMBEDDING))
        return scores

    def embed_window(self, spectra):
        """The whole window, or None while it is not full."""
        window = self._mels.push(spectra)
        return window.reshape(1, WINDOW, BANDS, 1) if len(window) == WINDOW else None

    def count(self):
        return 0, 0


class Rival(Pipeline):
    """ONNX Runtime on one thread, every window whole."""

    def __init__(self, folder):
        import onnxruntime
        super().__init__()
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.log_severity_level = 3
        self._sessions = [onnxruntime.InferenceSession(
            os.path.join(folder, f), options, providers=['CPUExecutionProvider']) for f in FILES]
        self._names = [s.get_inputs()[0].name for s in self._sessions]
        self._window = None

    def _run(self, i, x):
        return self._sessions[i].run(None, {self._names[i]: x})[0]

    def mel(self, samples):
        return self._run(0, samples)

    def embed(self, spectra):
        x = self.embed_window(spectra)
        if x is None:
            return None
        y = self._run(1, x)
        self._window = self._embeddings.push(y.reshape(1, EMBEDDING))
        return y

    def head(self, i, _):
        full = len(self._window) == HEAD
        return self._run(2 + i, self._window.reshape(1, HEAD, EMBEDDING)).item() if full else np.nan


class Models:
    """Loaded once for all streams: with windows, or whole."""

    def __init__(self, folder, library, whole):
        paths = [os.path.join(folder, f) for f in FILES]
        self.whole = whole
        self.mel = reprise.Model(paths[0], {None: (1, CONTEXT + HOP)}, library)
        self.embedding = reprise.Model(paths[1], {None: (1, WINDOW, BANDS, 1)}, library,
                                       window=None if whole else (1, 0, FRAMES))
        self.heads = [reprise.Model(p, {}, library, window=None if whole else (1, 0, 1))
                      for p in paths[2:]]


class Ours(Pipeline):
    """Streams of Reprise. quiet and all_gates: as examples/wakeword's options."""

    def __init__(self, models, gate, quiet=0, all_gates=False):
        super().__init__()
        self._whole = models.whole
        self._mel = models.mel.stream('off' if gate == 'off' else 'exact')
        self._quiet, self._silence = quiet, np.zeros((1, CONTEXT + HOP), np.float32)
        options = dict(all_gates=1, policy=1) if all_gates else {}
        self._embedding = models.embedding.stream(gate, **options)
        self._heads = [m.stream(gate, **options) for m in models.heads]
        self._window, self._ran = None, []

    def mel(self, samples):
        self._ran = [self._mel]
        if np.abs(samples).max() <= self._quiet:
            samples = self._silence
        return self._mel.run_shared(samples)[0]

    def embed(self, spectra):
        x = self.embed_window(spectra) if self._whole else \
            spectra.reshape(1, FRAMES, BANDS, 1)
        if x is None:
            return None
        self._ran.append(self._embedding)
        y = self._embedding.run_shared(x)[0]
        if not self._whole and self._embedding.window_missing():
            return None
        if self._whole:
            self._window = self._embeddings.push(y.reshape(1, EMBEDDING))
        return y

    def head(self, i, embedding):
        x = self._window if self._whole else embedding
        if self._whole and len(x) < HEAD:
            return np.nan
        stream = self._heads[i]
        self._ran.append(stream)
        y = stream.run_shared(x.reshape(1, -1, EMBEDDING))[0].item()
        return np.nan if not self._whole and stream.window_missing() else y

    def count(self):
        """Multiply-accumulates of the last block: executed, and of the same run densely; of the mel
        spectrum, the embedding, and all heads."""
        stats = [s.stats() for s in self._ran] + [reprise.FrameStats()] * 2
        rest = stats[2:]
        return [[stats[0].macs_executed, stats[1].macs_executed, sum(s.macs_executed for s in rest)],
                [stats[0].macs_dense, stats[1].macs_dense, sum(s.macs_dense for s in rest)]]


def detections(scores, threshold=0.5, rest=2.0):
    """(time, word, score), by the rule of examples/wakeword."""
    found, quiet = [], np.zeros(len(WORDS))
    for k, row in enumerate(scores):
        now = (k + 1) * HOP / RATE
        for i, score in enumerate(row):
            if score >= threshold and now > quiet[i]:
                quiet[i] = now + rest
                found.append((now, WORDS[i], float(score)))
    return found
