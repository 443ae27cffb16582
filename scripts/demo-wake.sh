#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Wake words said by espeak-ng's voices, in between other speech: what is heard, and what it takes on
# new columns and on whole windows, beside ONNX Runtime's time if it is at hand (scripts/venv.sh audio).
# usage: scripts/demo-wake.sh [BUILD DIR]
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
oww=demo/models/oww
listen()
{
    "$build/examples/wakeword" "$oww-melspectrogram.onnx" "$oww-embedding.onnx" "$oww-alexa.onnx" \
        "$oww-hey-jarvis.onnx" "$oww-hey-mycroft.onnx" "$oww-hey-rhasspy.onnx" "$@"
}
pipe()
{
    ffmpeg -nostdin -v error -t 90 -i demo/streams/phrases.wav -f wav - </dev/null
}

printf 'What is said in demo/streams/phrases.wav from 10 to 90 s (start, end, phrase, voice, words a minute):\n\n'
awk '$1 < 90' demo/streams/phrases.txt
printf '\nWhat is heard, live from a pipe (time, word, score), and what each network took:\n\n'
pipe | listen -
printf '\nThe same with every window run whole:\n\n'
pipe | listen - --full

for venv in .venv .venv-audio; do
    if "$venv/bin/python" -c 'import onnxruntime, numpy' 2>/dev/null; then
        printf '\n'
        "$venv/bin/python" bench/wake.py --build "$build" --short 2>/dev/null
        exit
    fi
done
printf '\nONNX Runtime is not here: scripts/venv.sh audio installs it.\n'
