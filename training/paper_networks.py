#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the four networks of the paper as ONNX, untrained, and streams for them.

The shapes are those of the recipes that the paper names (doc/paper.md). Weights are random, from a
fixed seed, and scaled on a sample of real streams, so that activations have ranges as in use; the
files say that they are untrained. Products are summed in an order that depends on the library
behind numpy, so the last bits may differ from machine to machine.
"""
import argparse
import os
import sys

import numpy as np
import onnx

from paper import nets, pictures, speech

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
VIDEOS = ('vtest.avi', 'cup.mp4', 'cube.y4m')
SPEECH = 'speech.wav'


class Streams:
    """What lies in the folder of streams, as the networks take it."""

    def __init__(self, folder, frames):
        self.folder, self.frames = folder, frames

    def path(self, name):
        path = os.path.join(self.folder, name)
        if not os.path.exists(path):
            raise ValueError(f'{path} is missing; scripts/models.py fetches it')
        return path

    def speech(self):
        return speech.read(self.path(SPEECH))

    def kaldi(self):
        return speech.kaldi_frames(self.speech())

    def eesen(self):
        return speech.chunks(speech.eesen_frames(self.speech()), self.frames)

    def video(self, made, count, skip):
        return made(self.path(VIDEOS[0]), count, skip)

    def sample(self, name):
        """Little, but of everything: pictures of all videos, as a net is trained on many scenes."""
        if name == 'kaldi':
            return self.kaldi()[::4, 0]
        if name == 'eesen':
            return speech.eesen_frames(self.speech())[:500]
        each = [(self.path(v), s) for v in VIDEOS for s in (0, 60, 120, 180)]
        if name == 'autopilot':
            return np.concatenate([pictures.autopilot_frames(v, 2, s) for v, s in each])
        each = each[::2]
        return np.concatenate([pictures.clips(pictures.c3d_frames(v, 16, s), 1)[:, 0]
                               for v, s in each])


def write(path, save):
    """Under another name first: the file is whole or not there."""
    part = path + '.part'
    save(part)
    os.replace(part, path)
    print(f'{os.path.relpath(path)}: {os.path.getsize(path)} bytes', flush=True)


def save_array(path, array):
    def save(part):
        with open(part, 'wb') as f:
            np.save(f, array)
    write(path, save)


def make_streams(streams, names, clips):
    """NAME.npy for those that do not read a video as it is."""
    for name in names:
        target = os.path.join(streams.folder, name)
        if name in ('kaldi', 'eesen'):
            save_array(target + '.npy', getattr(streams, name)())
        elif name == 'c3d':
            for advance in (1, 16):
                count = pictures.CLIP + advance * (clips - 1)
                seen = streams.video(pictures.c3d_frames, count, 100)
                save_array(f'{target}-by{advance}.npy', pictures.clips(seen, advance))


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('names', nargs='*', metavar='NAME', help=f'of {", ".join(nets.NETWORKS)}')
    parser.add_argument('-o', '--output', default=os.path.join(ROOT, 'demo/models'), metavar='DIR')
    parser.add_argument('--streams', default=os.path.join(ROOT, 'demo/streams'), metavar='DIR',
                        help='where the recordings are, and streams are written')
    parser.add_argument('--frames', type=int, default=50, help='in a chunk of EESEN')
    parser.add_argument('--clips', type=int, default=12, help='in a stream of C3D')
    parser.add_argument('--centre', action='store_true',
                        help='biases that make the mean of every sum zero')
    parser.add_argument('--no-streams', action='store_true', help='write the networks only')
    parser.add_argument('--no-sample', action='store_true',
                        help='scale weights by their number of inputs; needs and writes no streams')
    args = parser.parse_args()
    unknown = [n for n in args.names if n not in nets.NETWORKS]
    if unknown:
        parser.error(f'{", ".join(unknown)}: not of {", ".join(nets.NETWORKS)}')
    if args.frames < 1 or args.clips < 1:
        parser.error('--frames and --clips must be 1 or more')
    names = args.names or list(nets.NETWORKS)
    streams = Streams(args.streams, args.frames)
    try:
        os.makedirs(args.output, exist_ok=True)
        for name in names:
            sample = None if args.no_sample else streams.sample(name)
            more = {'frames': args.frames} if name == 'eesen' else {}
            model = nets.NETWORKS[name](sample, args.centre, **more)
            write(os.path.join(args.output, name + '.onnx'), lambda part, m=model: onnx.save(m, part))
        if not args.no_sample and not args.no_streams:
            make_streams(streams, names, args.clips)
    except (ValueError, OSError) as e:
        print(f'paper_networks: {e}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
