# SPDX-License-Identifier: Apache-2.0
"""Frames of a video as u8 arrays, decoded and scaled once by ffmpeg: the same bytes for everyone."""
import subprocess

import numpy as np


def frames(path, width, height, count, skip=0):
    """`count` frames height x width x 3 (RGB) after the first `skip`. path: a file, or lavfi:FILTER."""
    source = ['-f', 'lavfi', '-i', path[6:]] if path.startswith('lavfi:') else ['-i', path]
    command = ['ffmpeg', '-nostdin', '-v', 'error', *source, '-vf',
               f"select='between(n,{skip},{skip + count - 1})',scale={width}:{height}:flags=bilinear",
               '-vsync', 'passthrough', '-frames:v', str(count), '-f', 'rawvideo',
               '-pix_fmt', 'rgb24', '-']
    raw = subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout
    found = np.frombuffer(raw, np.uint8).reshape(-1, height, width, 3)
    if len(found) != count:
        raise ValueError(f'{path}: {len(found)} frames instead of {count} after {skip}')
    return found
