# SPDX-License-Identifier: Apache-2.0
"""What a benchmark says at its end."""


def publish(text, path=None):
    """Prints the text, and writes it to a file if one is named."""
    print(text)
    if path:
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
