#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Reads a meson test log: usage testlog.py SUITE testlog.json

Failures and skips are printed with their reason; the last line is `passed failed skipped`.
"""
import json
import sys

PASSED, SKIPPED = ('OK', 'EXPECTEDFAIL'), ('SKIP',)


def main(suite, path):
    counts = [0, 0, 0]
    with open(path, encoding='utf-8') as f:
        tests = [json.loads(line) for line in f if line.strip()]
    for t in tests:
        output = (t.get('stdout') or '') + (t.get('stderr') or '')
        lines = [line for line in output.splitlines() if line.strip()]
        if t['result'] in PASSED:
            counts[0] += 1
        elif t['result'] in SKIPPED:
            counts[2] += 1
            print(f'  skipped  {suite}: {t["name"]}: {lines[-1] if lines else "no reason given"}')
        else:
            counts[1] += 1
            print(f'  FAILED   {suite}: {t["name"]} ({t["result"].lower()})')
            print('\n'.join('      ' + line for line in lines[-60:]))
    print(*counts)


if __name__ == '__main__':
    main(*sys.argv[1:])
