#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes .venv with the rivals of the benchmark, pinned; or, by a name, .venv-NAME: `audio` with the
# rival of the audio demo, `features` with those of the front ends. Does nothing when it is there.
set -eu
cd "$(dirname "$0")/.."
case ${1:-} in
    '')
        folder=.venv
        wanted='onnxruntime==1.32.0 openvino==2026.4.1 tract==0.23.9 numpy==2.3.5 matplotlib==3.11.2'
        wanted="$wanted onnx==1.23.2"
        ;;
    audio)
        folder=.venv-audio
        wanted='onnxruntime==1.32.0 numpy==2.3.5'
        ;;
    features)
        folder=.venv-features
        wanted='kaldi-native-fbank==1.22.4 librosa==0.11.0'
        ;;
    *)
        echo "venv: unknown kind $1" >&2
        exit 2
        ;;
esac

if [ "$(cat $folder/wanted 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
echo "making $folder with $wanted"
rm -rf $folder
/usr/bin/python3 -m venv $folder
# shellcheck disable=SC2086
$folder/bin/pip install --quiet --disable-pip-version-check --no-cache-dir --only-binary :all: $wanted
echo "$wanted" >$folder/wanted
