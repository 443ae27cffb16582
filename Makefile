# SPDX-License-Identifier: Apache-2.0
# Thin fronts; meson does the building. What they need and lack is installed by scripts/install.sh.
BUILD ?= build

.PHONY: help all demo demo-audio demo-wake check bench sim paper clean
.DEFAULT_GOAL := help

help:
	@echo 'make demo        build, fetch a detector and a street video, run with and without reuse'
	@echo 'make demo-audio  who speaks when in recordings, and what reuse saves, beside ONNX Runtime'
	@echo 'make demo-wake   wake words heard on new columns of sliding windows, beside ONNX Runtime'
	@echo 'make check       every test, build and style check; ends with a line of counts'
	@echo 'make bench       measure against ONNX Runtime, OpenVINO and tract, frame by frame in one process'
	@echo 'make sim         the simulated accelerator: every figure of doc/simulator.md'
	@echo "make paper       the paper's four networks, untrained, on speech and video: doc/paper.md"
	@echo 'make all         build only, into $(BUILD)/'
	@echo 'make clean       remove what was built and fetched'

all:
	@scripts/install.sh build
	@scripts/build.sh $(BUILD)

demo:
	@scripts/install.sh build demo
	@scripts/build.sh $(BUILD)
	@scripts/models.py nanodet vtest
	@scripts/demo.sh $(BUILD)

demo-audio:
	@scripts/install.sh build audio
	@scripts/build.sh $(BUILD)
	@scripts/models.py silero-v5 speech radio
	@test -x .venv/bin/python || scripts/venv.sh audio || true # the demo says what is missing then
	@scripts/demo-audio.sh $(BUILD)

demo-wake:
	@scripts/install.sh build audio
	@scripts/build.sh $(BUILD)
	@scripts/models.py oww-melspectrogram oww-embedding oww-alexa oww-hey-jarvis oww-hey-mycroft \
	    oww-hey-rhasspy speech
	@scripts/wake_streams.py --phrases
	@test -x .venv/bin/python || scripts/venv.sh audio || true # the demo says what is missing then
	@scripts/demo-wake.sh $(BUILD)

check:
	@scripts/install.sh build check 2>&1
	@scripts/check.sh 2>&1

bench:
	@scripts/install.sh build bench
	@touch bench/kernels/meson.build # a build folder that is there looks for the libraries again
	@scripts/build.sh $(BUILD)
	@scripts/models.py
	@scripts/venv.sh
	@.venv/bin/python bench/bench.py --build $(BUILD) -o bench/results.md
	@.venv/bin/python bench/streams.py --build $(BUILD) -o bench/streams.md
	@bench/screen_record.py
	@.venv/bin/python bench/screen.py --build $(BUILD) -o bench/screen.md
	@$(BUILD)/bench/kernels/kernelbench > $(BUILD)/kernels.md && mv $(BUILD)/kernels.md bench/kernels.md
	@.venv/bin/python bench/networks.py --build $(BUILD) -o bench/networks.md --plot bench/networks.png
	@scripts/wake_streams.py
	@.venv/bin/python bench/wake.py --build $(BUILD) -o bench/wake.md
	@.venv/bin/python bench/int8.py --build $(BUILD) -o bench/int8.md
	@.venv/bin/python scripts/compare_ort.py --build $(BUILD)

paper:
	@scripts/install.sh build bench
	@scripts/build.sh $(BUILD)
	@scripts/paper.sh $(BUILD)

sim:
	@scripts/install.sh build bench
	@scripts/build.sh $(BUILD)
	@scripts/models.py nanodet vtest
	@scripts/venv.sh
	@.venv/bin/python bench/sim.py --build $(BUILD)

clean:
	rm -rf build build-* demo .venv .venv-* bench/__pycache__ training/tfjs/__pycache__
