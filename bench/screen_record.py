#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Records a screen: demo/streams/screen.mkv, 640x640, 10 frames a second, lossless, 30 s.

usage: bench/screen_record.py [-o FILE.mkv] [--force]        (nothing is done when FILE is there)

An X server without a screen (Xvfb, no network port) shows two terminals. Somebody types into the
upper one, a log scrolls in the lower one, a third window is dragged across them, and in between
nothing happens but a blinking cursor. What is typed, when, and where the window goes is fixed by a
seed. The kind of every frame is written to FILE.kinds: idle, typing, scrolling or window, one a
line. Frames are read from the server's frame buffer at the clock's tick, whole and unscaled.
"""
import argparse
import mmap
import os
import random
import struct
import subprocess
import sys
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
SIZE, RATE = 640, 10

# What happens: kind and seconds. Half of the time nobody touches anything or types.
SECTIONS = (('idle', 2.0), ('typing', 5.0), ('idle', 3.0), ('scrolling', 4.0), ('typing', 4.0),
            ('window', 2.0), ('idle', 3.0), ('scrolling', 3.0), ('idle', 2.0), ('window', 2.0))

WORDS = '''frame layer value change screen buffer window cursor line table update result server
    network report error signal packet thread sample number memory record index second stream
    worker queue message event request answer folder backup session level module test build'''.split()


def sentence(rng, words):
    return ' '.join(rng.choice(WORDS) for _ in range(words))


def log_line(rng, number):
    return (f'12:{number // 60 % 60:02}:{number % 60:02} {rng.choice(("info ", "debug", "warn "))} '
            f'{rng.choice(WORDS)}[{rng.randrange(100, 9999)}] {sentence(rng, rng.randrange(2, 6))}')


# ------------------------------------------------------------------------ the plan


def typing(rng, start, end):
    """A key about every 170 ms, longer pauses between words and lines."""
    at, text = start, list(sentence(rng, 40))
    column = 0
    while at < end - 0.3:
        key = text.pop(0)
        if key == ' ' and column > 40:
            key, column = '\n', 0
        yield at, 'key', key
        column += 1
        at += rng.uniform(0.08, 0.26) + (rng.uniform(0.0, 0.4) if key in ' \n' else 0.0)


def scrolling(rng, start, end):
    """Bursts of lines, one every 60 to 250 ms, then a moment to read."""
    at = start
    while at < end:
        for _ in range(rng.randrange(5, 12)):
            if at < end:
                yield at, 'log', None
            at += rng.uniform(0.06, 0.25)
        at += rng.uniform(0.3, 0.8)


def dragging(rng, start, end, places):
    """The window goes from its last place to a new one, slow at both ends, 30 steps a second."""
    (x0, y0), (x1, y1) = places[-1], (rng.randrange(20, 300), rng.randrange(40, 440))
    while abs(x1 - x0) + abs(y1 - y0) < 250:
        x1, y1 = rng.randrange(20, 300), rng.randrange(40, 440)
    places.append((x1, y1))
    steps = int((end - start - 0.2) * 30)
    for i in range(1, steps + 1):
        t = i / steps
        t = t * t * (3 - 2 * t)
        yield start + i / 30, 'move', (round(x0 + (x1 - x0) * t), round(y0 + (y1 - y0) * t))


def plan(seed, place):
    """Events (second, what, argument) in order, and the kind of every frame."""
    rng, events, kinds, start, places = random.Random(seed), [], [], 0.0, [place]
    for kind, seconds in SECTIONS:
        end = start + seconds
        if kind == 'typing':
            events += typing(rng, start, end)
        elif kind == 'scrolling':
            events += scrolling(rng, start, end)
        elif kind == 'window':
            events += dragging(rng, start, end, places)
        kinds += [kind] * round(seconds * RATE)
        start = end
    return events, kinds


# ---------------------------------------------------------------------- the screen


class Screen:
    """An X server of our own, its programs and its frame buffer. close() ends what was started."""

    def __init__(self, folder):
        self.started, self.folder = [], folder
        read, write = os.pipe()
        self._start(['Xvfb', '-displayfd', str(write), '-screen', '0', f'{SIZE}x{SIZE}x24',
                     '-fbdir', folder, '-nolisten', 'tcp', '-noreset'], pass_fds=(write,))
        os.close(write)
        with os.fdopen(read) as pipe:
            number = pipe.readline().strip()
        if not number:
            raise RuntimeError('Xvfb did not start')
        self.environment = dict(os.environ, DISPLAY=':' + number)
        with open(os.path.join(folder, 'Xvfb_screen0'), 'rb') as f:
            self.memory = mmap.mmap(f.fileno(), 0, access=mmap.ACCESS_READ)
        header = struct.unpack('>25I', self.memory[:100])  # XWDFileHeader
        self.offset, self.line = header[0] + 12 * header[19], header[12]
        if header[4:6] != (SIZE, SIZE) or header[11] != 32 or header[7] != 0:
            raise RuntimeError('a frame buffer of another layout')

    def _start(self, command, **options):
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, **options)
        self.started.append(process)
        return process

    def terminal(self, name, geometry, colours, command, *options):
        """Opens an xterm and waits for its window, whose number is returned."""
        self._start(['xterm', '-name', name, '-fa', 'DejaVu Sans Mono', '-fs', '11', '-b', '4',
                     '+sb', '-geometry', geometry, '-bg', colours[0], '-fg', colours[1], *options,
                     '-e', *command], env=self.environment)
        return self.do('search', '--sync', '--onlyvisible', '--classname', name).split()[0]

    def do(self, *words):
        return subprocess.run(['xdotool', *words], env=self.environment, check=True, text=True,
                              stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, timeout=20).stdout

    def frame(self):
        """BGRX bytes."""
        return self.memory[self.offset:self.offset + self.line * SIZE]

    def close(self):
        for process in reversed(self.started):
            if process.poll() is None:
                process.terminate()
            process.wait()


def record(output, kinds_file, seed):
    place = (380, 60)
    events, kinds = plan(seed, place)
    rng = random.Random(seed + 1)
    with tempfile.TemporaryDirectory() as folder:
        fifo, note = os.path.join(folder, 'log'), os.path.join(folder, 'note')
        os.mkfifo(fifo)
        with open(note, 'w', encoding='ascii') as f:
            f.write('Notes\n\n' + '\n'.join(f'{i + 1}. {sentence(rng, 3)}' for i in range(5)))
        screen, encoder, log = Screen(folder), None, None
        try:
            # The log is held open: cat would end with the first writer.
            log = os.open(fifo, os.O_RDWR)
            screen.terminal('log', '69x17+0+320', ('#101820', '#d8d8d8'), ('cat', fifo), '-uc')
            editor = screen.terminal('editor', '69x17+0+0', ('#ffffff', '#101010'),
                                     ('sh', '-c', 'printf "report.txt\\n\\n"; exec cat >/dev/null'),
                                     '-bc', '-bcn', '600', '-bcf', '600')
            window = screen.terminal('notes', f'28x8+{place[0]}+{place[1]}', ('#fff4c0', '#202020'),
                                     ('sh', '-c', f'cat {note}; exec sleep 600'), '-bw', '3')
            lines = 0
            for lines in range(24):
                os.write(log, (log_line(rng, lines) + '\n').encode())
            screen.do('windowfocus', editor, 'mousemove', '600', '300')
            for text in (sentence(rng, 7), sentence(rng, 6), ''):
                screen.do('type', '--delay', '5', text)
                screen.do('key', 'Return')
            time.sleep(1.5)  # let everything be drawn
            encoder = subprocess.Popen(
                ['ffmpeg', '-nostdin', '-v', 'error', '-y', '-f', 'rawvideo', '-pix_fmt', 'bgr0',
                 '-s', f'{SIZE}x{SIZE}', '-r', str(RATE), '-i', '-', '-c:v', 'ffv1', '-level', '3',
                 '-pix_fmt', 'bgr0', '-f', 'matroska', output], stdin=subprocess.PIPE)
            ticks = [((i + 1) / RATE, 'frame', None) for i in range(len(kinds))]
            late, zero = 0.0, time.monotonic()
            for at, what, argument in sorted(events + ticks, key=lambda e: e[0]):
                time.sleep(max(0.0, zero + at - time.monotonic()))
                if what == 'frame':
                    late = max(late, time.monotonic() - zero - at)
                    encoder.stdin.write(screen.frame())
                elif what == 'key':
                    screen.do('key', {' ': 'space', '\n': 'Return'}.get(argument, argument))
                elif what == 'log':
                    lines += 1
                    os.write(log, (log_line(rng, lines) + '\n').encode())
                elif what == 'move':
                    x, y = argument
                    screen.do('windowmove', window, str(x), str(y),
                              'mousemove', str(x + 100), str(y + 5))
            encoder.stdin.close()
            if encoder.wait():
                raise RuntimeError('ffmpeg failed')
        finally:
            if encoder and encoder.poll() is None:
                encoder.terminate()
            if log is not None:
                os.close(log)
            screen.close()
    with open(kinds_file, 'w', encoding='ascii') as f:
        f.write('\n'.join(kinds) + '\n')
    print(f'{os.path.relpath(output).removesuffix(".part")}: {len(kinds)} frames, the latest by {late * 1e3:.0f} ms')


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('-o', '--output', default=os.path.join(ROOT, 'demo/streams/screen.mkv'))
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--force', action='store_true', help='record anew')
    args = parser.parse_args()
    kinds = args.output + '.kinds'
    if os.path.exists(args.output) and os.path.exists(kinds) and not args.force:
        return 0
    os.makedirs(os.path.dirname(os.path.abspath(args.output)), exist_ok=True)
    parts = args.output + '.part', kinds + '.part'
    try:
        record(*parts, args.seed)
        os.replace(parts[0], args.output)
        os.replace(parts[1], kinds)
    except (OSError, RuntimeError, subprocess.SubprocessError) as e:
        print(f'screen_record: {e}', file=sys.stderr)
        return 1
    finally:
        for part in parts:
            if os.path.exists(part):
                os.remove(part)
    return 0


if __name__ == '__main__':
    sys.exit(main())
