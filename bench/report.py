# SPDX-License-Identifier: Apache-2.0
"""What a benchmark says: on its way, and at its end."""
import sys


def row(cells):
    """A row of a markdown table."""
    return '| ' + ' | '.join(cells) + ' |'


def header(cells):
    return [row(cells), '|' + '---|' * len(cells)]


def note(text):
    """Tells how far it is, where the table is not."""
    print(text, file=sys.stderr, flush=True)


def publish(text, path=None):
    """Prints the text, and writes it to a file if one is named."""
    print(text)
    if path:
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
