#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Who speaks when, in recordings of real speech; then what reuse saves there, beside ONNX Runtime's
# time if it is at hand (scripts/venv.sh audio). usage: scripts/demo-audio.sh [BUILD DIR]
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
model=demo/models/silero-v5.onnx

printf 'Five sentences of a novel, a second of silence after each; start and end of speech (s):\n\n'
"$build/examples/vad" "$model" demo/streams/speech.wav --gate deadzone:2/255

printf '\nThe same from a pipe, live: an amateur radio call, first 20 seconds:\n\n'
ffmpeg -nostdin -v error -t 20 -i demo/streams/radio.wav -f wav - </dev/null |
    "$build/examples/vad" "$model" - --gate deadzone:2/255

python=/usr/bin/python3
for venv in .venv .venv-audio; do
    if "$venv/bin/python" -c 'import onnxruntime, numpy' 2>/dev/null; then
        python=$venv/bin/python
        break
    fi
done
[ "$python" != /usr/bin/python3 ] || printf '\nONNX Runtime is not here: scripts/venv.sh audio installs it.\n'
printf '\n'
"$python" bench/vad.py --build "$build"
