# SPDX-License-Identifier: Apache-2.0
"""Boxes from the six outputs of nanodet.onnx, and how well two sets of boxes agree."""
import numpy as np

STRIDES = (8, 16, 32)
BINS = 11  # each side of a box is a distribution over 0 to 10 strides


def decode(outputs, threshold=0.35, overlap=0.6):
    """(boxes n x 4 as x0 y0 x1 y1, scores, classes), after non-maximum suppression."""
    boxes, scores, classes = [], [], []
    for scale, stride in enumerate(STRIDES):
        maps, sides = outputs[scale][0], outputs[scale + 3][0]
        width = int(round(len(maps) ** 0.5))
        best = maps.max(1)
        at = np.nonzero(best > threshold)[0]
        centre = np.stack([at % width, at // width], 1) + 0.5
        logits = sides[at].reshape(-1, 4, BINS)
        weights = np.exp(logits - logits.max(2, keepdims=True))
        distance = (weights @ np.arange(BINS)) / weights.sum(2)
        boxes.append(np.concatenate([centre - distance[:, :2], centre + distance[:, 2:]], 1) * stride)
        scores.append(best[at])
        classes.append(maps[at].argmax(1))
    return suppress(np.concatenate(boxes), np.concatenate(scores), np.concatenate(classes), overlap)


def suppress(boxes, scores, classes, overlap):
    kept, order = [], np.argsort(-scores, kind='stable')
    while len(order):
        first, rest = order[0], order[1:]
        kept.append(first)
        covered = iou(boxes[first:first + 1], boxes[rest])[0] > overlap
        order = rest[~(covered & (classes[rest] == classes[first]))]
    return boxes[kept], scores[kept], classes[kept]


def iou(a, b):
    """Intersection over union of every box of a with every box of b."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    common = np.clip(high - low, 0, None).prod(2)
    area_a, area_b = (a[:, 2:] - a[:, :2]).prod(1), (b[:, 2:] - b[:, :2]).prod(1)
    return common / (area_a[:, None] + area_b[None] - common + 1e-9)


def matched(from_set, in_set, sure=0.4, overlap=0.75):
    """(found, sought): boxes with a score above `sure` that have a partner of their class. Partners
    may score down to decode's threshold, so that a score near the limit is no disagreement."""
    sought = from_set[1] > sure
    hits = 0
    for box, kind in zip(from_set[0][sought], from_set[2][sought]):
        same = in_set[2] == kind
        hits += bool(same.any() and iou(box[None], in_set[0][same]).max() > overlap)
    return hits, int(sought.sum())


def f1(reference, other):
    """F1 over frames; both are lists of decode() results."""
    recall, precision = np.zeros(2), np.zeros(2)
    for r, o in zip(reference, other):
        recall += matched(r, o)
        precision += matched(o, r)
    if not recall[1] or not precision[1]:
        return float(recall[1] == precision[1])
    r, p = recall[0] / recall[1], precision[0] / precision[1]
    return 2 * r * p / (r + p) if r + p else 0.0
