# SPDX-License-Identifier: Apache-2.0
"""Text boxes from the map of PP-OCR's detector, and how well two sets of boxes agree. numpy only.

PP-OCR's defaults: pixels above 0.3, connected (8 neighbours), regions with a mean of 0.6 or more,
at least 3 pixels high and wide, grown by 1.5 * area / perimeter. Boxes are upright (a screen's
text is), and the mean is that of the region's own pixels.
"""
import numpy as np

BINARY, SCORE, MIN_SIDE, UNCLIP, IOU = 0.3, 0.6, 3, 1.5, 0.75


def _runs(mask):
    """Runs of set pixels: row, first and one past the last column of each, in reading order."""
    padded = np.zeros((mask.shape[0], mask.shape[1] + 2), np.int8)
    padded[:, 1:-1] = mask
    step = np.diff(padded, axis=1)
    row, first = np.nonzero(step == 1)
    return row, first, np.nonzero(step == -1)[1]


def _components(row, first, last):
    """The number of the connected region of every run (union-find over touching runs)."""
    parent = list(range(len(row)))

    def root(i):
        while parent[i] != i:
            parent[i] = parent[parent[i]]
            i = parent[i]
        return i

    j = 0
    for i in range(len(row)):
        while j < i and (row[j] < row[i] - 1 or (row[j] == row[i] - 1 and last[j] < first[i])):
            j += 1
        k = j
        while k < i and row[k] == row[i] - 1 and first[k] <= last[i]:
            parent[root(k)] = root(i)
            k += 1
    return np.unique([root(i) for i in range(len(row))], return_inverse=True)[1]


def decode(probability):
    """Boxes x0, y0, x1, y1 (n x 4, float) of a map of probabilities."""
    p = np.asarray(probability).reshape(probability.shape[-2:])
    row, first, last = _runs(p > BINARY)
    if not len(row):
        return np.zeros((0, 4))
    label = _components(row.tolist(), first.tolist(), last.tolist())
    count = label.max() + 1
    sums = np.concatenate([np.zeros((len(p), 1)), np.cumsum(p, 1, dtype=np.float64)], 1)
    area = np.bincount(label, last - first, count)
    score = np.bincount(label, sums[row, last] - sums[row, first], count) / area
    box = np.empty((count, 4))
    box[:, :2], box[:, 2:] = np.inf, -np.inf
    for column, values, pick in ((0, first, np.minimum), (1, row, np.minimum),
                                 (2, last, np.maximum), (3, row + 1, np.maximum)):
        pick.at(box[:, column], label, values)
    width, height = box[:, 2] - box[:, 0], box[:, 3] - box[:, 1]
    grow = UNCLIP * width * height / (2 * (width + height))
    box += grow[:, None] * np.array([-1, -1, 1, 1])
    box[:, 0::2] = box[:, 0::2].clip(0, p.shape[1])
    box[:, 1::2] = box[:, 1::2].clip(0, p.shape[0])
    return box[(score >= SCORE) & (np.minimum(width, height) >= MIN_SIDE)]


def _matches(a, b):
    """Pairs of boxes, the best overlap first, each box once."""
    if not len(a) or not len(b):
        return 0
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.prod((high - low).clip(0), 2)
    area = [np.prod(x[:, 2:] - x[:, :2], 1) for x in (a, b)]
    iou = common / (area[0][:, None] + area[1][None] - common)
    count = 0
    while iou.max() >= IOU:
        i, j = np.unravel_index(iou.argmax(), iou.shape)
        iou[i], iou[:, j] = -1, -1
        count += 1
    return count


def f1(reference, boxes):
    """Over all frames: 2 * pairs / (boxes in one + boxes in the other)."""
    pairs = sum(_matches(r, b) for r, b in zip(reference, boxes))
    total = sum(len(r) + len(b) for r, b in zip(reference, boxes))
    return 2 * pairs / total if total else 1.0
