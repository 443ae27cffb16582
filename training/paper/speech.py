# SPDX-License-Identifier: Apache-2.0
"""Features of speech in the manner of Kaldi: log filter banks, differences, and frames side by side.

As kaldi's compute-fbank-feats does by default, but without dither: 25 ms every 10 ms, the mean taken
off, pre-emphasis 0.97, Povey's window, the power spectrum of 512 points, triangles evenly spaced on the
mel scale from 20 Hz on, logarithm.
"""
import wave

import numpy as np

RATE = 16000
PAUSE = RATE // 2  # so many zeros or more are no recording
LENGTH, HOP, POINTS = 400, 160, 512


def read(path):
    """The samples of a wave file as 16-bit integers in floats, without the silence between recordings."""
    with wave.open(path) as f:
        form = f.getnchannels(), f.getsampwidth(), f.getframerate()
        if form != (1, 2, RATE):
            raise ValueError(f'{path}: {form[0]} channels of {8 * form[1]} bits at {form[2]} Hz; '
                             f'should be 1 of 16 bits at {RATE}')
        samples = np.frombuffer(f.readframes(f.getnframes()), '<i2').astype(np.float64)
    return without_pauses(samples)


def without_pauses(samples):
    """Digital silence would count as similar frames, and no microphone gives it."""
    edges = np.flatnonzero(np.diff(np.concatenate([[0], samples == 0, [0]])))
    runs = edges.reshape(-1, 2)
    pauses = [np.arange(*run) for run in runs if run[1] - run[0] >= PAUSE]
    return np.delete(samples, np.concatenate(pauses)) if pauses else samples


def mel(hertz):
    return 1127 * np.log(1 + hertz / 700)


def triangles(bands):
    """bands x 257 weights of the power spectrum."""
    low, high = mel(20), mel(RATE / 2)
    width = (high - low) / (bands + 1)
    at = mel(np.arange(POINTS // 2 + 1) * RATE / POINTS)
    centres = low + width * np.arange(1, bands + 1)
    return np.clip(1 - np.abs(at - centres[:, None]) / width, 0, None)


def fbank(samples, bands=40):
    """frames x bands."""
    if len(samples) < LENGTH:
        raise ValueError(f'{len(samples)} samples are less than a window of {LENGTH}')
    windows = np.lib.stride_tricks.sliding_window_view(samples, LENGTH)[::HOP]
    windows = windows - windows.mean(1, keepdims=True)
    before = np.concatenate([windows[:, :1], windows[:, :-1]], 1)
    hann = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(LENGTH) / (LENGTH - 1))
    spectrum = np.fft.rfft((windows - 0.97 * before) * hann ** 0.85, POINTS)
    energies = np.square(np.abs(spectrum)) @ triangles(bands).T
    return np.log(np.maximum(energies, np.finfo(np.float32).eps))


def normalise(features):
    """Mean 0 and variance 1 of every value over the recording."""
    return (features - features.mean(0)) / features.std(0)


def at(features, offset):
    """The frame so many later; the first and the last stand for those outside."""
    return features[np.clip(np.arange(len(features)) + offset, 0, len(features) - 1)]


def differences(features):
    """First differences by regression over two frames on either side."""
    return sum(k * (at(features, k) - at(features, -k)) for k in (1, 2)) / 10


def kaldi_frames(samples):
    """T x 1 x 360: four frames on either side of every frame."""
    features = normalise(fbank(samples))
    spliced = np.concatenate([at(features, k) for k in range(-4, 5)], 1)
    return spliced[:, None].astype(np.float32)


def eesen_frames(samples):
    """T x 120: filter banks with first and second differences."""
    bank = fbank(samples)
    first = differences(bank)
    return normalise(np.concatenate([bank, first, differences(first)], 1)).astype(np.float32)


def chunks(features, frames):
    """N x frames x 1 x values; what is left over at the end is left out."""
    n = len(features) // frames
    return features[:n * frames].reshape(n, frames, 1, -1)
