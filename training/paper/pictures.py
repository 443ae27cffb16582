# SPDX-License-Identifier: Apache-2.0
"""Pictures of videos as the two networks of vision take them."""
import os
import sys

import numpy as np

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), '..', '..', 'bench'))

from frames import frames  # noqa: E402

CLIP = 16


def autopilot_frames(path, count, skip=0):
    """N x 3 x 66 x 200, 0 to 1."""
    pictures = frames(path, 200, 66, count, skip)
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)).astype(np.float32) / 255


def c3d_frames(path, count, skip=0):
    """N x 3 x 112 x 112, -1 to 1: the middle of pictures scaled to 171 x 128, as the network's
    authors do it."""
    pictures = frames(path, 171, 128, count, skip)[:, 8:120, 29:141]
    return np.ascontiguousarray(pictures.transpose(0, 3, 1, 2)).astype(np.float32) / 127.5 - 1


def clips(pictures, advance):
    """N x 1 x 3 x 16 x 112 x 112: every clip begins `advance` pictures after the one before."""
    starts = range(0, len(pictures) - CLIP + 1, advance)
    return np.stack([pictures[s:s + CLIP].transpose(1, 0, 2, 3) for s in starts])[:, None]
