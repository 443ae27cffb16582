#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# A detector on a street video, in full and with reuse: a table, then a video with boxes and with
# the places that were recomputed. usage: scripts/demo.sh [BUILD DIR]
set -eu
cd "$(dirname "$0")/.."
reprise=${1:-build}/reprise
video=demo/out.mp4
trace=demo/out.trace
what='demo/models/nanodet.onnx demo/streams/vtest.avi --decode nanodet --gate deadzone:4/255'
part='--skip 100 --frames 300'

printf 'A detector of 80 kinds of objects on a street video: every frame in full (dense), and\n'
printf 'recomputing only what changed (reuse), in turns:\n\n'
# shellcheck disable=SC2086
"$reprise" bench $what $part

printf '\nWriting %s ...\n' "$video"
# shellcheck disable=SC2086
"$reprise" run $what $part --overlay "$video" --trace "$trace" >/dev/null
printf 'Watch %s: boxes from the run with reuse; tinted: where it computed anew.\n' "$video"

printf '\nThe same run on the accelerator that first reused computations (simulated, ISCA 2018):\n\n'
"$reprise" sim --trace "$trace" --brief
printf '\nMore of it: %s sim --trace %s\n' "$reprise" "$trace"
