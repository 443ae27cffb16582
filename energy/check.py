#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks the energy tables: form, bands, duplicates, and every formula in a source (README.md)."""
import csv
import os
import re
import sys

FILES = ['edram.csv', 'sram.csv', 'logic.csv', 'ring.csv', 'dram.csv']
HEADER = ('component,node_nm,organisation,op,size_bytes,width_bytes,unit,nominal,low,high,source,'
          'kind').split(',')
UNITS = ['pJ', 'pJ/bit', 'nJ', 'mW', 'mm2', 'um2', 'ns']
KINDS = ['published', 'computed', 'scaled', 'assumed']
COLUMNS = ['nominal', 'low', 'high']
NUMBER = r'\d+(?:\.\d+)?'


def evaluate(formula, column, table):
    """[component/op/node/size/width] is a row's figure in this column; a..b..c is a band."""
    def row(match):
        key = (match.group(1).split('/') + [''] * 3)[:5]
        found = [r[column] for r in table if
                 key == [r[k] for k in ('component', 'op', 'node_nm', 'size_bytes', 'width_bytes')]]
        if len(found) != 1:
            raise ValueError(f'{len(found)} rows are {match.group(0)}')
        return found[0]

    def band(match):
        return dict(zip(('low', 'nominal', 'high'), match.groups()))[column]

    text = re.sub(r'\[([^]]*)\]', row, formula)
    text = re.sub(rf'({NUMBER})\.\.({NUMBER})\.\.({NUMBER})', band, text)
    if not re.fullmatch(r'[-+*/(). 0-9e]+', text):
        raise ValueError(f'cannot be computed: {text}')
    return eval(text, {'__builtins__': {}})


def check_row(r):
    for key in ('node_nm', 'size_bytes', 'width_bytes'):
        if not re.fullmatch(r'([1-9]\d*)?', r[key]):
            yield f'{key} is {r[key]}'
    if not float(r['low']) <= float(r['nominal']) <= float(r['high']) or float(r['low']) < 0:
        yield 'nominal is not between low and high'
    if r['unit'] not in UNITS or r['kind'] not in KINDS:
        yield f'unit {r["unit"]} or kind {r["kind"]} is unknown'
    if not r['source'].strip() or not r['op'] or ',' in r['organisation']:
        yield 'op or source is missing, or the organisation has a comma'


def check_formula(r, table):
    """Of a source "= nominal; low = ...; high = ...; words", computed column by column."""
    parts = [p.strip() for p in r['source'].split(';')]
    if not parts[0].startswith('= '):
        if r['kind'] == 'scaled':
            yield 'scaled, but the source begins with no formula'
        return
    for column in COLUMNS:
        own = [p[len(column):] for p in parts[1:] if p.startswith(column + ' = ')]
        value = evaluate((own or parts)[0].strip().lstrip('= '), column, table)
        if abs(value - float(r[column])) > 1e-3 * value:
            yield f'{column} should be {value:.4g}'


def main():
    here = os.path.dirname(os.path.abspath(__file__))
    table, problems = [], []
    for name in FILES:
        with open(os.path.join(here, name), encoding='ascii', newline='') as f:
            lines = list(enumerate(f.read().split('\n'), 1))
        lines = [(n, line) for n, line in lines if line and not line.startswith('#')]
        rows = list(csv.reader((line for _, line in lines), strict=True))
        if not rows or rows[0] != HEADER:
            sys.exit(f'{name}: the header should be {",".join(HEADER)}')
        for (n, _), fields in zip(lines[1:], rows[1:], strict=True):
            if len(fields) != len(HEADER):
                sys.exit(f'{name}:{n}: {len(fields)} fields')
            table.append(dict(zip(HEADER, fields), where=f'{name}:{n}'))
    seen = {}
    for r in table:
        first = seen.setdefault(tuple(r[k] for k in HEADER[:6]), r)
        if first is not r:
            problems.append(f'{r["where"]}: same as {first["where"]}')
        try:
            problems += [f'{r["where"]}: {p}' for p in (*check_row(r), *check_formula(r, table))]
        except ValueError as e:
            problems.append(f'{r["where"]}: {e}')
    print(*problems, f'{len(table)} rows, {len(problems)} problems', sep='\n')
    sys.exit(bool(problems))


main()
