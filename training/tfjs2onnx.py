#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Converts a TF.js graph model to ONNX: static shapes, N x C x H x W, opset 13, float32.

The same input always gives the same bytes. Pictures (rank-4 inputs and outputs) are
N x C x H x W in the result; all other outputs keep TensorFlow's order. An int32 input becomes
float32 with the same values.
"""
import argparse
import os
import re
import sys

from tfjs import lower, reader


def natural(name):
    """Sort key: Identity, Identity_1, ..., Identity_10."""
    return [int(p) if p.isdigit() else p for p in re.split(r'(\d+)', name)]


def convert(path, outputs, name):
    """outputs: (TF.js node, ONNX name) pairs in order; empty for the model's own."""
    graph = reader.read(path)
    outputs = outputs or [(o, o) for o in sorted(graph.outputs, key=natural)]
    if not outputs:
        raise reader.ConversionError(f'{path}: names no outputs; give --outputs')
    lowering = lower.Lowering(graph, [tf for tf, _ in outputs])
    made = lowering.run()
    named = []
    for (_, wanted), (tensor, shape) in zip(outputs, made):
        if tensor in [n for n, _ in named] or tensor in [n for n, _ in lowering.b.inputs]:
            lowering.b.add('Identity', [tensor], wanted)
        else:
            lowering.b.rename(tensor, wanted)
        named.append((wanted, shape))
    return lowering.b.model(name, named)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('model', help='NAME.json; its weight files lie beside it')
    parser.add_argument('-o', '--output', required=True, help='the ONNX file to write')
    parser.add_argument('--outputs', default='', metavar='NODE[=NAME],...',
                        help='nodes to keep, where the graph may be cut, and names for them')
    args = parser.parse_args()
    outputs = [(p.partition('=')[0], p.partition('=')[2] or p.partition('=')[0])
               for p in args.outputs.split(',') if p]
    name = os.path.splitext(os.path.basename(args.model))[0]
    try:
        model = convert(args.model, outputs, name)
        part = args.output + '.part'
        with open(part, 'wb') as f:
            f.write(model.SerializeToString(deterministic=True))
        os.replace(part, args.output)
    except (reader.ConversionError, OSError) as e:
        print(f'tfjs2onnx: {args.model}: {e}', file=sys.stderr)
        return 1
    return 0


if __name__ == '__main__':
    sys.exit(main())
