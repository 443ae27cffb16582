# SPDX-License-Identifier: Apache-2.0
"""Reads a TF.js graph model: NAME.json (graph and weight table) and the weight files beside it."""
import base64
import json
import os

import numpy as np


class ConversionError(Exception):
    """One line that says what is wrong with which file or node."""


# The type of a weight in memory, by its name in the weight table.
_WEIGHT_TYPES = {'float32': np.float32, 'int32': np.int32, 'uint8': np.uint8, 'bool': np.bool_}
_STORED_TYPES = {'float16': np.float16, 'uint8': np.uint8, 'uint16': np.uint16}


class Node:
    """One operator. Inputs are (node name, output index); control inputs are dropped."""

    def __init__(self, raw):
        self.name, self.op = raw['name'], raw['op']
        self.raw_attr = raw.get('attr', {})
        self.inputs = [self._reference(r) for r in raw.get('input', []) if not r.startswith('^')]

    @staticmethod
    def _reference(text):
        name, _, index = text.partition(':')
        return name, int(index or 0)

    def attr(self, key, default=None):
        """The value of an attribute as Python's own type."""
        return _decode(self.raw_attr[key]) if key in self.raw_attr else default

    def error(self, text):
        return ConversionError(f'node {self.name} ({self.op}): {text}')


def _text(encoded):
    return base64.b64decode(encoded).decode()


def _decode(value):
    if 's' in value:
        return _text(value['s'])
    if 'i' in value:
        return int(value['i'])
    if 'f' in value:
        return float(value['f'])
    if 'b' in value:
        return bool(value['b'])
    if 'type' in value:
        return value['type']
    if 'shape' in value:
        return [int(d.get('size', 0)) for d in value['shape'].get('dim', [])]
    if 'list' in value:
        items = value['list']
        if 's' in items:
            return [_text(s) for s in items['s']]
        return [int(i) for i in items.get('i', [])]
    return None


class Graph:
    """Nodes by name, constants by node name, and the names of inputs and outputs."""

    def __init__(self, nodes, constants, outputs):
        self.nodes = {n.name: n for n in nodes}
        self.constants = constants
        self.outputs = outputs

    def ordered(self, wanted):
        """The nodes that `wanted` names need, each after its inputs, in a fixed order."""
        order, state = [], {}
        stack = [(name, False) for name in reversed(wanted)]
        while stack:
            name, done = stack.pop()
            if done:
                state[name] = 'done'
                order.append(self.nodes[name])
            elif name not in self.nodes:
                raise ConversionError(f'there is no node {name}')
            elif name not in state:
                state[name] = 'open'
                stack.append((name, True))
                stack.extend((r[0], False) for r in reversed(self.nodes[name].inputs))
            elif state[name] == 'open':
                raise ConversionError(f'node {name}: the graph has a cycle')
        return order


def read(path):
    """Reads the model whose JSON file is `path`."""
    try:
        with open(path, encoding='utf-8') as f:
            document = json.load(f)
        topology = document['modelTopology']
        nodes = [Node(raw) for raw in topology['node']]
        manifest = document['weightsManifest']
    except (ValueError, KeyError, TypeError) as e:
        raise ConversionError(f'{path}: not a TF.js graph model ({e!r})') from None
    weights = {}
    for group in manifest:
        weights.update(_read_group(os.path.dirname(path), group))
    constants = {}
    for n in nodes:
        if n.op == 'Const':
            if n.name not in weights:
                raise n.error('no weights in the table')
            constants[n.name] = weights[n.name]
    return Graph(nodes, constants, _output_names(document))


def _output_names(document):
    signature = document.get('signature') or {}
    if not signature.get('outputs'):
        signature = (document.get('userDefinedMetadata') or {}).get('signature') or {}
    return [Node._reference(o.get('name', key))[0]
            for key, o in signature.get('outputs', {}).items()]


def _read_group(folder, group):
    blob = b''
    for part in group['paths']:
        with open(os.path.join(folder, part), 'rb') as f:
            blob += f.read()
    at, weights = 0, {}
    for entry in group['weights']:
        array, at = _read_weight(entry, blob, at)
        weights[entry['name']] = array
    if at != len(blob):
        raise ConversionError(f'{group["paths"]}: {len(blob) - at} bytes more than the table says')
    return weights


def _read_weight(entry, blob, at):
    name, shape = entry['name'], [int(d) for d in entry['shape']]
    packing = entry.get('quantization')
    try:
        final = _WEIGHT_TYPES[entry['dtype']]
        stored = np.dtype(_STORED_TYPES[packing['dtype']] if packing else final).newbyteorder('<')
    except KeyError as e:
        raise ConversionError(f'weight {name}: type {e} is not known') from None
    count = int(np.prod(shape, dtype=np.int64))
    end = at + count * stored.itemsize
    if end > len(blob):
        raise ConversionError(f'weight {name}: the file ends inside it')
    array = np.frombuffer(blob[at:end], stored)
    if packing and packing['dtype'] != 'float16':
        array = array.astype(np.float64) * packing['scale'] + packing['min']
        if final == np.int32:
            array = np.rint(array)
    return array.astype(final).reshape(shape), end
