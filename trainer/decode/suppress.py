"""Decoded boxes in, final detections out: which of many boxes of one object stays, and where it lies.

Suppression is the plain greedy algorithm, arranged in blocks so that its answer is exact and its cost small.
A box that stays takes the mean place of those that agree with it (box voting, Gidaris and Komodakis 2015).
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from trainer.suppression import Suppression

#: Suppression looks at no more than this many candidates of one image, the best scored ones.
MAX_CANDIDATES = 30_000

# Boxes of a lower score have no say and keep their place: many, and none of them is anything to look at.
_VOTERS = 0.01

# Voters heard at once, which bounds the memory.
_HEARD = 4096

# Images settled at once: the overlaps of one take up to some 80 MB.
_AT_ONCE = 8

# Boxes compared with one another at once. Larger blocks waste comparisons between boxes that an
# earlier one suppresses anyway, smaller ones spend the time in Python.
_BLOCK = 256


@dataclass(frozen=True)
class Detections:
    """The boxes found in one image, best score first unless it is said otherwise.

    `xyxy` is (n, 4) float32 in pixels (of which picture, the function that returns it says), `scores`
    (n,) float32 in 0..1, `classes` (n,) int64.
    """

    xyxy: NDArray[np.float32]
    scores: NDArray[np.float32]
    classes: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.scores)

    @classmethod
    def none(cls) -> Detections:
        """Nothing found."""
        return cls(np.zeros((0, 4), np.float32), np.zeros(0, np.float32), np.zeros(0, np.int64))

    def above(self, confidence: float) -> Detections:
        """Only the detections whose score is at least `confidence`."""
        keep = self.scores >= confidence
        return Detections(self.xyxy[keep], self.scores[keep], self.classes[keep])

    def to_original(self, scale: float, pad: tuple[int, int], size: tuple[int, int]) -> Detections:
        """Undo the letterbox: (x - pad) / scale, clipped to an original picture of `size` (width, height).

        A box that lies wholly in the padding has no area left and is dropped.
        """
        left, top = pad
        width, height = size
        xyxy = (self.xyxy - np.array([left, top, left, top], np.float32)) / np.float32(scale)
        xyxy[:, 0::2] = xyxy[:, 0::2].clip(0, width)
        xyxy[:, 1::2] = xyxy[:, 1::2].clip(0, height)
        keep = (xyxy[:, 2] > xyxy[:, 0]) & (xyxy[:, 3] > xyxy[:, 1])
        return Detections(xyxy[keep], self.scores[keep], self.classes[keep])


def iou_matrix(a: NDArray[np.floating], b: NDArray[np.floating]) -> NDArray[np.float64]:
    """IoU of every a with every b: (N, 4), (M, 4) xyxy -> (N, M) in 0..1; 0 where both are empty."""
    ax1, ay1, ax2, ay2 = (a.astype(np.float64).T)[:, :, None]  # each (N, 1)
    bx1, by1, bx2, by2 = (b.astype(np.float64).T)[:, None, :]  # each (1, M)
    overlap = (np.minimum(ax2, bx2) - np.maximum(ax1, bx1)).clip(0)
    overlap *= (np.minimum(ay2, by2) - np.maximum(ay1, by1)).clip(0)  # (N, M)
    area_a = (ax2 - ax1).clip(0) * (ay2 - ay1).clip(0)
    area_b = (bx2 - bx1).clip(0) * (by2 - by1).clip(0)
    union = area_a + area_b - overlap
    return np.divide(overlap, union, out=np.zeros_like(overlap), where=union > 0)


def nms(
    boxes: NDArray[np.floating],
    scores: NDArray[np.floating],
    classes: NDArray[np.integer],
    iou: float,
    max_det: int,
) -> NDArray[np.int64]:
    """Greedy suppression within each class: indices of the kept boxes, best score first.

    `boxes` is (n, 4) xyxy, `scores` (n,), `classes` (n,). A box goes when its IoU with a better box of
    its own class is over `iou`; equal scores keep their order. Stops at `max_det` boxes over all
    classes, and looks at the best `MAX_CANDIDATES` only.

    Exactly the greedy answer: a block of candidates in order of score is compared with everything kept
    so far in one go, then settled within itself.
    """
    order = np.argsort(-scores, kind="stable")[:MAX_CANDIDATES]
    kept = np.zeros(0, np.int64)
    for start in range(0, len(order), _BLOCK):
        block = order[start : start + _BLOCK]
        if len(kept):
            hit = (iou_matrix(boxes[kept], boxes[block]) > iou) & (classes[kept][:, None] == classes[block])
            block = block[~hit.any(axis=0)]
        if not len(block):
            continue
        rivals = (iou_matrix(boxes[block], boxes[block]) > iou) & (classes[block][:, None] == classes[block])
        alive = np.ones(len(block), bool)
        for i in range(len(block) - 1):
            if alive[i]:
                alive[i + 1 :] &= ~rivals[i, i + 1 :]
        kept = np.concatenate((kept, block[alive]))
        if len(kept) >= max_det:
            return kept[:max_det]
    return kept


def voted(
    boxes: NDArray[np.floating],
    scores: NDArray[np.floating],
    classes: NDArray[np.integer],
    kept: NDArray[np.int64],
    vote: float,
) -> NDArray[np.float32]:
    """Where the boxes `kept` lie when all that agree with each have been heard: (k, 4) float32 xyxy.

    Arguments as of `nms`, which gives `kept`. A box is moved to the mean of the boxes of its class whose IoU
    with it is over `vote`, itself among them, weighted by the square of the score times IoU: the surest box
    of an object is not the best placed one, and others err to its other side. 1 leaves all where they are.
    """
    placed = boxes[kept].astype(np.float32)
    if vote >= 1:
        return placed
    heard = np.flatnonzero((scores >= _VOTERS) & np.isfinite(boxes).all(axis=1))
    moved = np.flatnonzero(scores[kept] >= _VOTERS)
    here = kept[moved]
    total, summed = np.zeros(len(here)), np.zeros((len(here), 4))
    for start in range(0, len(heard), _HEARD):
        part = heard[start : start + _HEARD]
        overlap = iou_matrix(boxes[here], boxes[part])
        overlap[(overlap <= vote) | (classes[here][:, None] != classes[part])] = 0
        weights = overlap * scores[part].astype(np.float64) ** 2
        total += weights.sum(axis=1)
        # einsum sums in one order whatever the number of threads
        summed += np.einsum("kn,nc->kc", weights, boxes[part].astype(np.float64))
    told = total > 0  # a box without area agrees with nobody, not even with itself
    placed[moved[told]] = summed[told] / total[told, None]
    return placed


def detections(decoded: Tensor, suppression: Suppression, *, multi_label: bool = False) -> list[Detections]:
    """The final boxes of each image of a batch, in pixels of the network's input.

    `decoded` is what `decode` of a head returns, (B, N, 4 + 1 + C). A score is objectness times class
    probability. With `multi_label` a box stands once for every class that is likely enough, as average
    precision wants it; otherwise only for its best class, as a person wants it. Scores that are not numbers
    count as nothing found.
    """
    candidates = [_candidates(rows, suppression.conf, multi_label) for rows in decoded]
    settle = partial(_settled, suppression=suppression)
    # numpy works outside Python's lock, so that images do not wait for each other
    threads = min(torch.get_num_threads(), len(candidates), _AT_ONCE)
    if threads < 2:
        return [settle(one) for one in candidates]
    with ThreadPoolExecutor(threads, thread_name_prefix="suppression") as pool:
        return list(pool.map(settle, candidates))


def _candidates(rows: Tensor, conf: float, multi_label: bool) -> Detections:
    """All boxes of one image that are likely enough, in no order."""
    # A product is at most its objectness, so most rows leave before the classes are looked at.
    rows = rows[rows[:, 4] > conf]
    product = rows[:, 4:5] * rows[:, 5:]  # (n, C)
    if multi_label:
        row, label = (product > conf).nonzero(as_tuple=True)
        score = product[row, label]
    elif len(product):
        score, label = product.max(dim=1)
        row = (score > conf).nonzero(as_tuple=True)[0]
        score, label = score[row], label[row]
    else:
        return Detections.none()
    return Detections(rows[row, :4].cpu().numpy(), score.cpu().numpy(), label.cpu().numpy())


def _settled(found: Detections, suppression: Suppression) -> Detections:
    """What is left of the candidates of one image, each in its place."""
    boxes, scores, classes = found.xyxy, found.scores, found.classes
    keep = nms(boxes, scores, classes, suppression.iou, suppression.max_det)
    placed = voted(boxes, scores, classes, keep, suppression.vote)
    return Detections(placed, scores[keep], classes[keep])
