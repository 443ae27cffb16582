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


def put_in(path, command, blocks):
    """Replaces what stands between <!-- COMMAND: NAME --> and <!-- end --> by the block's lines."""
    with open(path, encoding='utf-8') as f:
        text = f.read()
    for name, lines in blocks.items():
        begin, end = f'<!-- {command}: {name} -->\n', '<!-- end -->'
        if begin not in text:
            sys.exit(f'{path}: has no place for {name}')
        head, rest = text.split(begin, 1)
        text = head + begin + '\n'.join(lines) + '\n' + end + rest.split(end, 1)[1]
    with open(path, 'w', encoding='utf-8') as f:
        f.write(text)
