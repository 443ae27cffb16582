#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Tests of the paper's networks: shapes, multiply-accumulates beside the simulator's, and streams.

With libreprise and the program (REPRISE_LIB or build/src, REPRISE or build/reprise) networks and streams
that this writes are run, too; without them those tests are skipped.
"""
import json
import os
import subprocess
import sys
import tempfile
import unittest
import wave

import numpy as np
import onnx
from onnx import numpy_helper

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
sys.path += [os.path.join(ROOT, d) for d in ('training', 'bench', 'scripts')]

import models  # noqa: E402
from paper import forward, nets, speech  # noqa: E402

SCRIPT = os.path.join(ROOT, 'training', 'paper_networks.py')
PROGRAM = os.environ.get('REPRISE', os.path.join(ROOT, 'build', 'reprise'))
HAVE_PROGRAM = os.access(PROGRAM, os.X_OK)

# Weights of the layers as the recipes have them, and outputs (positions) of each a frame.
WEIGHTS = {'kaldi': 4642400, 'eesen': 5 * 2 * 4 * 320 * 320 + 2 * 4 * 320 * (120 + 4 * 640) + 32000,
           'c3d': 27653184 + 8192 * 4096 + 4096 * 4096 + 4096 * 101, 'autopilot': 131112 + 1462838}


def positions(name):
    """Output positions of a convolution, by the shapes that ONNX infers."""
    return {o.name: int(np.prod([d.dim_value for d in o.type.tensor_type.shape.dim][2:]))
            for o in name.graph.value_info}


def layer_macs(model):
    """MACs of weighted layers by name; of an LSTM, of one frame and direction."""
    inferred = onnx.shape_inference.infer_shapes(model)
    at = positions(inferred)
    weights = {w.name: tuple(w.dims) for w in model.graph.initializer}
    macs = {}
    for n in model.graph.node:
        if n.op_type == 'Gemm':
            macs[n.name] = int(np.prod(weights[n.input[1]]))
        elif n.op_type == 'Conv':
            macs[n.name] = int(np.prod(weights[n.input[1]])) * at[n.output[0]]
        elif n.op_type == 'LSTM':
            for k, direction in enumerate(('forward', 'backward')):
                macs[f'{n.name} {direction}'] = int(np.prod(weights[n.input[1]][1:])
                                                    + np.prod(weights[n.input[2]][1:]))
    return macs


def simulated_macs(name):
    """MACs of the simulator's layers. It leaves out what a convolution's padding would multiply."""
    done = subprocess.run([PROGRAM, 'sim', '--net', name, '--similarity', '0.5', '--executions', '1',
                           '--json', '-'], capture_output=True, check=True)
    return {n['name']: n['macs'] for n in json.loads(done.stdout)['layers']}


def padded_macs(name):
    """C3D's dense MACs without the taps in the padding: three axes, 3 taps, one zero at either end."""
    sizes = {'conv1a': (16, 112), 'conv2a': (16, 56), 'conv3a': (8, 28), 'conv3b': (8, 28),
             'conv4a': (4, 14), 'conv4b': (4, 14), 'conv5a': (2, 7), 'conv5b': (2, 7)}
    depth, size = sizes[name]
    return (3 * depth - 2) * (3 * size - 2) ** 2 / (27 * depth * size ** 2)


class Shapes(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.models = {}
        for name, make in nets.NETWORKS.items():
            cls.models[name] = make()
            if name == 'c3d':  # 300 MB that nobody here looks at
                for w in cls.models[name].graph.initializer:
                    w.ClearField('raw_data')

    def test_weights(self):
        for name, model in self.models.items():
            found = sum(int(np.prod(w.dims)) for w in model.graph.initializer
                        if w.name.endswith(('.w', '.r')))
            self.assertEqual(found, WEIGHTS[name], name)

    def test_says_untrained(self):
        for model in self.models.values():
            self.assertIn('UNTRAINED', model.doc_string)
            self.assertEqual({p.key: p.value for p in model.metadata_props}['weights'], 'untrained')

    def test_seed_is_fixed(self):
        again = nets.kaldi()
        self.assertEqual(again.SerializeToString(deterministic=True),
                         self.models['kaldi'].SerializeToString(deterministic=True))

    @unittest.skipUnless(HAVE_PROGRAM, 'no reprise')
    def test_macs_are_the_simulators(self):
        for name, model in self.models.items():
            ours, sim = layer_macs(model), simulated_macs(name)
            self.assertEqual(list(ours), list(sim), name)
            for layer, macs in ours.items():
                if name == 'c3d' and layer.startswith('conv'):
                    macs = round(macs * padded_macs(layer))
                self.assertEqual(macs, sim[layer], f'{name} {layer}')

    @unittest.skipUnless(HAVE_PROGRAM, 'no reprise')
    def test_macs_of_info(self):
        for name in ('kaldi', 'autopilot'):
            with tempfile.TemporaryDirectory() as folder:
                path = os.path.join(folder, 'net.onnx')
                onnx.save(self.models[name], path)
                done = subprocess.run([PROGRAM, 'info', path, '--json'], capture_output=True, check=True)
            self.assertEqual(json.loads(done.stdout)['macs'], sum(layer_macs(self.models[name]).values()))


class Scaling(unittest.TestCase):
    def test_unit_variance(self):
        """The sums of the first layer over the sample that it was scaled on."""
        x = np.random.default_rng(1).standard_normal((300, 360)).astype(np.float32) * 3 + 1
        for centre in (False, True):
            model = nets.kaldi(x, centre)
            w, b = (numpy_helper.to_array(c) for c in model.graph.initializer[:2])
            z = x @ w.T
            self.assertAlmostEqual(float((z - z.mean(0) * centre).std()), 1, places=3)
            self.assertAlmostEqual(float(np.abs((z + b).mean(0)).max()), 0, places=4 if centre else -2)

    def test_convolution(self):
        rng = np.random.default_rng(2)
        x, w = rng.standard_normal((2, 3, 5, 6, 7)), rng.standard_normal((4, 3, 3, 3, 3))
        z = forward.convolve(x.astype('f'), w.astype('f'), [1, 2, 2], [1, 1, 1])
        self.assertEqual(z.shape, (2, 4, 5, 3, 4))
        padded = np.pad(x, [(0, 0), (0, 0), (1, 1), (1, 1), (1, 1)])
        window = padded[1, :, 2:5, 4:7, 2:5]
        self.assertAlmostEqual(float(z[1, 3, 2, 2, 1]), float((window * w[3]).sum()), places=4)

    def test_pooling_keeps_the_rest(self):
        x = np.arange(5, dtype=np.float32).reshape(1, 1, 5)
        self.assertEqual(forward.max_pool(x, [2]).ravel().tolist(), [1, 3, 4])

    def test_lstm_without_memory_is_its_gates(self):
        x = np.zeros((3, 8), np.float32)
        h, products = forward.lstm(x, np.zeros((8, 2), np.float32), np.zeros(6, np.float32))
        self.assertEqual(float(np.abs(h).max()), 0)
        self.assertEqual(products.shape, (3, 8))


class Speech(unittest.TestCase):
    @staticmethod
    def tone(hertz, seconds=0.5):
        return 8000 * np.sin(2 * np.pi * hertz * np.arange(int(seconds * speech.RATE)) / speech.RATE)

    def test_a_tone_is_in_its_band(self):
        features = speech.fbank(self.tone(1000))
        self.assertEqual(features.shape, (48, 40))
        low, high = speech.mel(20), speech.mel(8000)
        centres = low + (high - low) / 41 * np.arange(1, 41)
        self.assertEqual(int(features[20].argmax()), int(np.abs(centres - speech.mel(1000)).argmin()))

    def test_splice(self):
        rng = np.random.default_rng(3)
        frames = speech.kaldi_frames(rng.standard_normal(8000) * 1000)
        self.assertEqual(frames.shape[1:], (1, 360))
        middle = frames[20, 0].reshape(9, 40)
        self.assertTrue(np.array_equal(middle[0], frames[16, 0].reshape(9, 40)[4]))
        self.assertTrue(np.array_equal(frames[0, 0, :40], frames[0, 0, 160:200]))

    def test_differences_of_a_slope(self):
        slope = np.arange(20.0)[:, None] * np.ones(2)
        self.assertTrue(np.allclose(speech.differences(slope)[4:-4], 1))

    def test_too_short(self):
        with self.assertRaisesRegex(ValueError, 'less than a window'):
            speech.fbank(np.zeros(399))

    def test_chunks(self):
        self.assertEqual(speech.chunks(np.zeros((57, 120)), 25).shape, (2, 25, 1, 120))


class Sentences(unittest.TestCase):
    """scripts/models.py joins the recordings of a package, with pauses that speech.read() leaves out."""

    @staticmethod
    def write(path, samples, rate=speech.RATE):
        with wave.open(path, 'wb') as f:
            f.setparams((1, 2, rate, 0, 'NONE', ''))
            f.writeframes(np.asarray(samples, '<i2').tobytes())
        with open(path, 'rb') as f:
            return f.read()

    def test_joined(self):
        with tempfile.TemporaryDirectory() as folder:
            source, output, one = (os.path.join(folder, n) for n in ('all', 'out.wav', 'one.wav'))
            parts = [self.write(one, [1, 0, 0, 3]), self.write(one, [4, 5])]
            with open(source, 'wb') as f:
                f.write(b''.join(parts))
            models.sentences(source, output, 0.5)
            with wave.open(output) as f:
                joined = np.frombuffer(f.readframes(f.getnframes()), '<i2')
            pause = [0] * (speech.RATE // 2)
            self.assertEqual(joined.tolist(), [1, 0, 0, 3] + pause + [4, 5] + pause)
            self.assertEqual(speech.read(output).tolist(), [1, 0, 0, 3, 4, 5])
            with open(source, 'ab') as f:
                f.write(self.write(one, [6], 8000))
            with self.assertRaisesRegex(models.FetchError, 'not sounds of one kind'):
                models.sentences(source, output, 0.5)


class Script(unittest.TestCase):
    def run_script(self, *arguments):
        return subprocess.run([sys.executable, SCRIPT, *arguments], capture_output=True, text=True)

    def test_bad_arguments(self):
        for arguments in (['alexnet'], ['--frames', '0'], ['--clips', '0']):
            self.assertEqual(self.run_script(*arguments).returncode, 2, arguments)

    def test_missing_recording(self):
        with tempfile.TemporaryDirectory() as folder:
            done = self.run_script('kaldi', '-o', folder, '--streams', folder)
        self.assertEqual(done.returncode, 1)
        self.assertRegex(done.stderr, r'^paper_networks: .*speech\.wav is missing')
        self.assertEqual(done.stderr.count('\n'), 1)

    def test_wrong_recording(self):
        with tempfile.TemporaryDirectory() as folder:
            with wave.open(os.path.join(folder, 'speech.wav'), 'wb') as f:
                f.setparams((2, 2, 8000, 0, 'NONE', ''))
                f.writeframes(bytes(4000))
            done = self.run_script('kaldi', '-o', folder, '--streams', folder)
        self.assertEqual(done.returncode, 1)
        self.assertIn('2 channels of 16 bits at 8000 Hz', done.stderr)

    @unittest.skipUnless(HAVE_PROGRAM, 'no reprise')
    def test_runs_on_what_it_writes(self):
        with tempfile.TemporaryDirectory() as folder:
            samples = np.random.default_rng(4).standard_normal(16000) * 3000
            with wave.open(os.path.join(folder, 'speech.wav'), 'wb') as f:
                f.setparams((1, 2, speech.RATE, 0, 'NONE', ''))
                f.writeframes(samples.astype('<i2').tobytes())
            done = self.run_script('kaldi', '-o', folder, '--streams', folder)
            self.assertEqual(done.returncode, 0, done.stderr)
            ran = subprocess.run([PROGRAM, 'verify', os.path.join(folder, 'kaldi.onnx'),
                                  os.path.join(folder, 'kaldi.npy'), '--gate', 'levels:16',
                                  '--oracle-every', '20'], capture_output=True, text=True)
            self.assertEqual(ran.returncode, 0, ran.stderr)
            self.assertIn('98 frames', ran.stdout)


class Bench(unittest.TestCase):
    """bench/paper.py says what it cannot do."""

    def run_bench(self, *arguments):
        return subprocess.run([sys.executable, os.path.join(ROOT, 'bench', 'paper.py'), *arguments],
                              capture_output=True, text=True)

    @unittest.skipUnless(HAVE_PROGRAM, 'no reprise')
    def test_names_what_is_missing(self):
        with tempfile.TemporaryDirectory() as folder:
            doc = os.path.join(folder, 'paper.md')
            places = ('centred', 'reuse', 'times', 'simulated', 'layers', 'missing')
            with open(doc, 'w', encoding='utf-8') as f:
                f.writelines(f'<!-- make paper: {p} -->\n<!-- end -->\n' for p in places)
            done = self.run_bench('--build', os.path.dirname(PROGRAM), '--models', folder, '--streams',
                                  folder, '--doc', doc, 'kaldi')
            with open(doc, encoding='utf-8') as f:
                text = f.read()
        self.assertEqual(done.returncode, 1, done.stderr)
        self.assertIn('kaldi.onnx is missing', done.stderr)
        self.assertEqual(text.count('\n'), 2 * len(places))  # what was there stays

    def test_bad_arguments(self):
        for arguments in (['alexnet'], ['--frames', '1']):
            self.assertEqual(self.run_bench(*arguments).returncode, 2, arguments)


if __name__ == '__main__':
    unittest.main()
