#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# The paper's four networks, untrained, on real streams, into doc/paper.md.
# usage: scripts/paper.sh [BUILD DIR]
set -eu
cd "$(dirname "$0")/.."
scripts/models.py vtest cup cube speech
scripts/venv.sh
.venv/bin/python training/paper_networks.py
.venv/bin/python bench/paper.py --build "${1:-build}"
