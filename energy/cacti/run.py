#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Makes edram.csv and sram.csv with CACTI 7, see README.md one folder up.

usage: run.py CACTI [--jobs N] [--output FOLDER]
CACTI is the program, in its own source folder (it reads tech_params/ there), built with the line
that prints refresh power. One run takes a quarter of a second, all of them about six minutes.
"""
import argparse
import concurrent.futures
import csv
import os
import re
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
HEADER = ('component,node_nm,organisation,op,size_bytes,width_bytes,unit,nominal,low,high,source,'
          'kind')
KB, MB = 1 << 10, 1 << 20
# The 2.25 MB, 36, 40, 72 and 80 KB arrays are banks: a quarter of 9 MB, an eighth and a quarter
# of 288 and 320 KB. 128 B is a table of centroids.
EDRAM_SIZES = [int(s * MB) for s in (0.25, 0.5, 1, 2, 2.25, 4, 4.5, 8, 9, 16, 18, 36)]
SRAM_SIZES = [128, 256, 512] + [s * KB for s in (
    1, 2, 4, 8, 16, 32, 36, 40, 64, 72, 80, 128, 144, 160, 256, 288, 320, 512, 576, 640, 1024, 1152,
    1280, 9216)]
EDRAM_WIDTHS = [32, 64, 128, 256]
SRAM_WIDTHS = [4, 32, 64, 128, 256]
# The first is the nominal one.
VARIANTS = [(p, o) for p in ('lop', 'hp', 'lstp') for o in ('ED', 'ED^2')]
PRINTED = {
    'access': r'Access time \(ns\): (\S+)',
    'cycle': r'Cycle time \(ns\): +(\S+)',
    'read': r'Total dynamic read energy per access \(nJ\): (\S+)',
    'write': r'Total dynamic write energy per access \(nJ\): (\S+)',
    'leakage': r'Total leakage power of a bank \(mW\): (\S+)',
    'gate': r'Total gate leakage power of a bank \(mW\): (\S+)',
    'refresh': r'Refresh power of a bank \(mW\): (\S+)',
    'area': r'Data array: Area \(mm2\): (\S+)',
}
UNITS = {'read': 'pJ', 'write': 'pJ', 'leakage': 'mW', 'refresh': 'mW', 'area': 'mm2',
         'cycle': 'ns', 'access': 'ns'}
# What a band spans at least, times nominal, and why: the published macros that README.md compares.
HALF = (0.5, 'half of nominal')
AT_LEAST = {
    'edram read': (HALF, (2.3, '2.3 x nominal (ISAAC)')),
    'sram read': (HALF, (3.2, '3.2 x nominal (Horowitz)')),
    'leakage': (HALF, (2, 'twice nominal')),
    'refresh': (HALF, (3, '3 x nominal (retention of 40 us)')),
    'area': ((0.7, 'nominal - 30 %'), (1.6, '1.6 x nominal (ISAAC)')),
    'cycle': (HALF, (1.3, 'nominal + 30 %')),
    'access': (HALF, (1.3, 'nominal + 30 %')),
}
AT_LEAST['edram write'], AT_LEAST['sram write'] = AT_LEAST['edram read'], AT_LEAST['sram read']


def run_one(job):
    """What CACTI prints for one array, in the tables' units; None where it finds no array."""
    cacti, component, size, width, periphery, objective = job
    cell = 'lp-dram' if component == 'edram' else 'itrs-' + periphery
    with open(os.path.join(HERE, 'array.cfg'), encoding='ascii') as f:
        text = f.read()
    for key, value in (('SIZE', size), ('WIDTH', width), ('BITS', 8 * width), ('CELL', cell),
                       ('PERIPHERY', 'itrs-' + periphery), ('OBJECTIVE', objective)):
        text = text.replace(f'@{key}@', str(value))
    with tempfile.NamedTemporaryFile('w', suffix='.cfg', encoding='ascii') as f:
        f.write(text)
        f.flush()
        out = subprocess.run([cacti, '-infile', f.name], cwd=os.path.dirname(cacti), check=False,
                             stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                             encoding='latin-1').stdout
    if re.search('no valid data array organizations found|Number of sets is too small', out):
        return None
    found = {op: re.search(pattern, out) for op, pattern in PRINTED.items()}
    missing = [op for op, match in found.items() if match is None]
    if missing:
        sys.exit(f'{job}: CACTI did not print {", ".join(missing)}; it ended with\n{out[-400:]}')
    values = {op: float(match.group(1)) for op, match in found.items()}
    # Refresh is inside what CACTI calls leakage, gate leakage is not.
    values['leakage'] += values.pop('gate') - values['refresh']
    # The write energy of eDRAM is wrong as shipped.
    values['read'] *= 1000
    values['write'] = values['read'] if component == 'edram' else 1000 * values['write']
    return values


def band(component, op, runs):
    """low, high and why, from all variants and the least width of the band."""
    nominal = runs[VARIANTS[0]][op]
    (down, down_why), (up, up_why) = AT_LEAST.get(f'{component} {op}') or AT_LEAST[op]
    low_from = min(runs, key=lambda v: runs[v][op])
    high_from = max(runs, key=lambda v: runs[v][op])
    low, high = runs[low_from][op], runs[high_from][op]
    name = '{0[0]} {0[1]}'.format
    low_why, high_why = name(low_from), name(high_from)
    if low > down * nominal:
        low, low_why = down * nominal, down_why
    if high < up * nominal:
        high, high_why = up * nominal, up_why
    return low, high, f'low: {low_why}; high: {high_why}'


def rows(component, size, width, runs):
    nominal = runs.get(VARIANTS[0])
    for op, unit in UNITS.items():
        if nominal is None or (component == 'sram' and op in ('refresh', 'access')):
            continue
        low, high, why = band(component, op, runs)
        cell = 'lp-dram lop' if component == 'edram' else 'lop'
        what = 'read energy of ' if (component, op) == ('edram', 'write') else ''
        yield [component, 32, cell + ' 1 bank', op, size, width, unit,
               *(f'{v:.4g}' for v in (nominal[op], low, high)),
               f'{what}CACTI 7.0.3DD lop ED; {why}', 'computed']


def table(path, component, arrays, results):
    with open(path, 'w', encoding='ascii', newline='') as f:
        f.write('# SPDX-License-Identifier: Apache-2.0\n'
                '# Made by cacti/run.py; the configuration and the bands are in README.md.\n'
                f'{HEADER}\n')
        writer = csv.writer(f, lineterminator='\n')
        for size, width in arrays:
            runs = {v: results[(component, size, width, *v)] for v in VARIANTS}
            writer.writerows(rows(component, size, width,
                                  {v: r for v, r in runs.items() if r is not None}))


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument('cacti')
    parser.add_argument('--jobs', type=int, default=2)
    parser.add_argument('--output', default=os.path.dirname(HERE))
    args = parser.parse_args()
    cacti = os.path.abspath(args.cacti)
    arrays = {'edram': [(s, w) for s in EDRAM_SIZES for w in EDRAM_WIDTHS],
              'sram': [(s, w) for s in SRAM_SIZES for w in SRAM_WIDTHS]}
    keys = [(c, s, w, *v) for c, list_ in arrays.items() for s, w in list_ for v in VARIANTS]
    with concurrent.futures.ThreadPoolExecutor(args.jobs) as pool:
        results = dict(zip(keys, pool.map(run_one, [(cacti, *k) for k in keys])))
    for component, list_ in arrays.items():
        table(os.path.join(args.output, component + '.csv'), component, list_, results)
    print(f'{len(keys)} runs, {sum(r is None for r in results.values())} without a solution')


main()
