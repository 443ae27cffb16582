#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Exactness of int8 networks: every output of every frame against full recomputation, in every bit.

usage: python3 bench/exact_int8.py [--build DIR] [--frames N] [--isa A,B] [--seed S] [--digests] MODEL
           NETWORK [VIDEO...]

NETWORK names the input's size and scale (bench/streams.py). A stream with exact gates, one without
gates beside it. At random: the policy (auto, correct, dense, random) and the number of threads change
from one stream to the next, which takes over by a saved state; refreshes are asked for; frames are
repeated, damaged by noise, or replaced by black; videos are looped. Every instruction set that is named
(default: what the processor has) runs in a process of its own (RPR_ISA); the outputs of all frames must
have one digest. With --digests only the first instruction set recomputes every frame; the others, which
may be many times slower, are held against its digest alone. Weighted layers must all be quantised: f32 ones round. Exit status 1 if a bit differs.
"""
import argparse
import ctypes as c
import hashlib
import os
import subprocess
import sys

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(ROOT, 'bench'))

import reprise  # noqa: E402
import rivals  # noqa: E402
from frames import frames  # noqa: E402
from streams import NETWORKS, VIDEO  # noqa: E402

LOOP = 120  # frames of a video before it begins again
POLICIES = 4


def pictures(video, network, count, rng):
    """Frames of a looped video, disturbed now and then."""
    film = frames(video, network.width, network.height, LOOP, 0)
    last = film[0]
    for i in range(count):
        what = rng.random()
        if what < 0.1:
            yield last
            continue
        last = film[i % LOOP]
        if what < 0.12:
            last = np.zeros_like(last)
        elif what < 0.14:
            last = rng.integers(0, 256, last.shape, np.uint8)
        elif what < 0.2:
            last = last.copy()
            last[:rng.integers(1, 40), :rng.integers(1, 40)] = rng.integers(0, 256)
        yield last


def hand_over(library, old, new):
    """The state of one stream goes on in another."""
    library.rpr_stream_save_bytes.restype = c.c_size_t
    size = library.rpr_stream_save_bytes(old._handle)
    saved = c.create_string_buffer(size)
    for call, stream in ((library.rpr_stream_save, old), (library.rpr_stream_load, new)):
        call.argtypes = [c.c_void_p, c.c_void_p, c.c_size_t]
        if call(stream._handle, saved, size):
            raise reprise.Error(library.rpr_stream_error(stream._handle).decode())


def run(args, library):
    """Digest of all outputs; (frames, frames that differ)."""
    network = rivals.Network(*NETWORKS[args.network])
    model = reprise.Model(args.model, {None: network.shape}, library)
    common = {'scale': network.scale, 'offset': network.offset}
    rng, digest, wrong, done = np.random.default_rng(args.seed), hashlib.sha256(), 0, 0
    dense = None if args.reuse_only else model.stream('off', **common)
    reuse = [model.stream('exact', policy=p, threads=1 + p % 2, refresh=97, bypass=0, seed=args.seed + 1,
                          **common) for p in range(POLICIES)]
    at = 0
    for video in args.video:
        for picture in pictures(video, network, args.frames // len(args.video), rng):
            ours = reuse[at].run(picture)
            if dense:
                whole = dense.run(picture)
                wrong += any(a.tobytes() != b.tobytes() for a, b in zip(ours, whole))
            done += 1
            for output in ours:
                digest.update(output.tobytes())
            if rng.random() < 0.03:
                new = int(rng.integers(POLICIES))
                if new != at:
                    hand_over(library, reuse[at], reuse[new])
                    at = new
            if rng.random() < 0.02:
                reuse[at].refresh()
    return digest.hexdigest(), done, wrong


def processes(args):
    """Runs every instruction set in a process of its own; the digests must agree."""
    digests = set()
    failed = False
    for i, isa in enumerate(args.isa.split(',')):
        alone = ['--reuse-only'] if args.digests and i > 0 else []
        command = [sys.executable, os.path.abspath(__file__), '--one', '--build', args.build,
                   '--frames', str(args.frames), '--seed', str(args.seed), *alone, args.model,
                   args.network, *args.video]
        done = subprocess.run(command, env={**os.environ, 'RPR_ISA': isa}, stdout=subprocess.PIPE,
                              check=False, text=True)
        if not done.stdout:
            print(f'{isa}: did not run')
            failed = True
            continue
        used, digest, count, wrong = done.stdout.split()
        found = 'not recomputed' if alone else f'{wrong} with a bit that differs'
        print(f'{os.path.basename(args.model)} {isa} (runs {used}): {count} frames, {found}, '
              f'digest {digest[:16]}', flush=True)
        digests.add(digest)
        failed |= done.returncode != 0
    return 1 if failed or len(digests) != 1 else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('model')
    parser.add_argument('network', choices=NETWORKS)
    parser.add_argument('video', nargs='*', default=[])
    parser.add_argument('--build', default=os.path.join(ROOT, 'build'))
    parser.add_argument('--frames', type=int, default=1000)
    parser.add_argument('--isa', default='scalar,avx2,avx512vnni')
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--digests', action='store_true', help='of all but the first')
    parser.add_argument('--reuse-only', action='store_true', help=argparse.SUPPRESS)
    parser.add_argument('--one', action='store_true', help=argparse.SUPPRESS)
    args = parser.parse_args()
    args.video = args.video or [VIDEO]
    if not args.one:
        return processes(args)
    library = reprise.load_library(os.path.join(args.build, 'src/libreprise.so'))
    digest, count, wrong = run(args, library)
    print(reprise.isa(library), digest, count, wrong)
    return 1 if wrong else 0


if __name__ == '__main__':
    sys.exit(main())
