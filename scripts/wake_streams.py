#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Makes what wake words are listened for in, 16 kHz mono, the same on every run:

  demo/streams/phrases.wav  four phrases in six voices of espeak-ng at two speeds, silence and other
                            speech between them; phrases.txt: start, end (s) and phrase of each
  demo/streams/hour.wav     an hour that holds none of them: a third speech, a third music, a third
                            silence, half of that digital and half with faint noise, in turns of five
                            minutes; hour.txt: start, end (s) and kind of each part

usage: scripts/wake_streams.py [--phrases]   (needs scripts/models.py speech radio music prompts, with
--phrases only speech; what is there is not made again)
"""
import argparse
import os
import random
import subprocess
import sys
import wave

import numpy as np

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
STREAMS = os.path.join(ROOT, 'demo', 'streams')
RATE = 16000
MINUTE = 60 * RATE
NOISE = 8  # standard deviation of the faint noise, in steps of 16 bits: -72 dB of full scale

PHRASES = ('alexa', 'hey jarvis', 'hey mycroft', 'hey rhasspy')
VOICES = ('en-us', 'en-gb', 'en-gb-scotland', 'en-gb-x-rp', 'en-us+f2', 'en-us+m7')
SPEEDS = (130, 160)  # words a minute
OTHER = ('The weather is nice today, so let us go for a walk.',
         'A lexicon lies on the table by the window.',
         'She said that the train would be late again.',
         'Hey, did you hear what Martin said about the crafts fair?',
         'Please turn the radio down, I am on the phone.',
         'We had fish, rice and a jar of honey.',
         'Nobody knows where the keys are.',
         'It costs sixteen pounds, or twenty with the frame.')


def decode(source, *before):
    """Samples of a file, or of sound in memory."""
    piped = isinstance(source, bytes)
    done = subprocess.run(['ffmpeg', '-v', 'error', *before, '-i', '-' if piped else source, '-ac',
                           '1', '-ar', str(RATE), '-f', 's16le', '-'], check=True,
                          stdout=subprocess.PIPE,
                          **({'input': source} if piped else {'stdin': subprocess.DEVNULL}))
    return np.frombuffer(done.stdout, '<i2')


def stream(name):
    return decode(os.path.join(STREAMS, name), *(('-f', 'g722') if name.endswith('g722') else ()))


def say(text, voice, speed):
    return decode(subprocess.run(['espeak-ng', '-v', voice, '-s', str(speed), '--stdout', text],
                                 check=True, stdout=subprocess.PIPE).stdout)


def silence(seconds):
    return np.zeros(round(seconds * RATE), np.int16)


def phrases():
    """Every phrase once in each voice and speed, shuffled; other speech before every one."""
    rng = random.Random(1)
    todo = [(p, v, s) for p in PHRASES for v in VOICES for s in SPEEDS]
    rng.shuffle(todo)
    reading = stream('speech.wav')
    parts, said, now = [reading[:6 * RATE], silence(1)], [], 7 * RATE
    for i, (phrase, voice, speed) in enumerate(todo):
        if i % 3 == 2:
            at = rng.randrange(len(reading) - 3 * RATE)
            before = reading[at:at + 3 * RATE]
        else:
            before = say(rng.choice(OTHER), rng.choice(VOICES), rng.choice(SPEEDS))
        start, word = silence(0.5 + rng.random()), say(phrase, voice, speed)
        parts += [before, start, word, silence(1.5)]
        now += len(before) + len(start)
        said.append((now, now + len(word), f'{phrase} ({voice}, {speed})'))
        now += len(word) + round(1.5 * RATE)
    return np.concatenate(parts), said


def hour():
    """Four rounds of five minutes speech, five music, two and a half each of both silences."""
    rng = np.random.default_rng(1)
    speech = np.concatenate([stream('speech.wav'), stream('radio.wav'), stream('prompts.g722')])
    music = stream('music.g722')
    music = np.tile(music, -(-20 * MINUTE // len(music)))
    half = 5 * MINUTE // 2
    noise = np.clip(np.rint(rng.normal(0, NOISE, 4 * half)), -32768, 32767).astype(np.int16)
    parts, kinds = [], []
    for i in range(4):
        for kind, sound, n in (('speech', speech, 5 * MINUTE), ('music', music, 5 * MINUTE),
                               ('digital silence', np.zeros(4 * half, np.int16), half),
                               ('faint noise', noise, half)):
            start = kinds[-1][1] if kinds else 0
            parts.append(sound[i * n:(i + 1) * n])
            kinds.append((start, start + n, kind))
    x = np.concatenate(parts)
    assert len(x) == 60 * MINUTE
    return x, kinds


def write(name, sound, table):
    """The list last: where it is, the sound is whole."""
    path = os.path.join(STREAMS, name)
    with wave.open(path + '.wav.part', 'wb') as f:
        f.setparams((1, 2, RATE, 0, 'NONE', ''))
        f.writeframes(sound.astype('<i2').tobytes())
    with open(path + '.txt.part', 'w', encoding='ascii') as f:
        for start, end, what in table:
            f.write(f'{start / RATE:.3f} {end / RATE:.3f} {what}\n')
    for end in ('.wav', '.txt'):
        os.replace(path + end + '.part', path + end)
    print(f'demo/streams/{name}.wav: {len(sound) / RATE:.1f} s', flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__.split('\n', maxsplit=1)[0])
    parser.add_argument('--phrases', action='store_true', help='leave the hour out')
    args = parser.parse_args()
    try:
        for name, make in (('phrases', phrases), ('hour', hour)):
            if (name != 'hour' or not args.phrases) and \
                    not os.path.exists(os.path.join(STREAMS, name + '.txt')):
                write(name, *make())
    except (OSError, subprocess.CalledProcessError) as e:
        print(f'wake_streams: {e}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
