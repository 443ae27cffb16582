#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A detector on a street video, dense and with reuse: a table, then a video with boxes and with the
# places that were recomputed. usage: scripts/demo.sh [BUILD DIR]
set -eu
cd "$(dirname "$0")/.."
build=${1:-build}
reprise=$build/reprise
model=demo/models/nanodet.onnx
video=demo/streams/vtest.avi
gate=deadzone:4/255

printf '\nNanodet on vtest.avi, gate %s, frame by frame dense and with reuse:\n\n' "$gate"
"$reprise" bench "$model" "$video" --decode nanodet --gate "$gate" --skip 100 --frames 300

printf '\nWriting demo/out.mp4: boxes, and where the network was recomputed:\n\n'
"$reprise" run "$model" "$video" --decode nanodet --gate "$gate" --skip 100 --frames 300 \
    --overlay demo/out.mp4
printf '\ndemo/out.mp4 is ready to be watched.\n'
