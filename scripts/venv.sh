#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Makes .venv with the rivals of the benchmark, pinned. Does nothing when it is there.
set -eu
cd "$(dirname "$0")/.."
wanted='onnxruntime==1.32.0 openvino==2026.4.1 tract==0.23.9 numpy==2.3.5 matplotlib==3.11.2 onnx==1.23.2'

if [ "$(cat .venv/wanted 2>/dev/null)" = "$wanted" ]; then
    exit 0
fi
echo "making .venv with $wanted"
rm -rf .venv
/usr/bin/python3 -m venv .venv
# shellcheck disable=SC2086
.venv/bin/pip install --quiet --disable-pip-version-check --no-cache-dir --only-binary :all: $wanted
echo "$wanted" >.venv/wanted
