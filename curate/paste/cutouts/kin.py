"""Cut-outs of one class compared with each other: which end is held, and which of them is a wrong thing."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from curate.paste.cutouts.colours import lab_of
from curate.paste.cutouts.model import Cutout

_TEACHERS = 3  # cut-outs whose held end is known that teach the others
_TELLS = 4.0  # Lab units between the ends that tell them apart
_LIKE = 5.0  # Lab units along that difference that decide
_KIN = 6  # cut-outs from which on the usual colours are known
_ALIKE = 2.0  # Lab units that no eye tells apart, so that among equal ones nothing is odd
_FAR = 1.8  # times the usual distance from the middle: from there on it counts


def harmonise(cutouts: Sequence[Cutout]) -> list[Cutout]:
    """Turn the ones whose held end is unknown like their kin, mark down the odd ones; in the same order.

    Where the held ends of the known ones differ in colour from their free ends, the unknown ones are turned
    so that they differ the same way; nothing is turned on a weak likeness. Then the quality of those whose
    colours are far from the middle of all (a wrong thing was cut, or an unusual one) is lowered: `usual`
    among the parts. Classes are not compared with each other.
    """
    groups: dict[str, list[int]] = defaultdict(list)
    for index, cutout in enumerate(cutouts):
        groups[cutout.name].append(index)
    out = list(cutouts)
    for indices in groups.values():
        for index, cutout in zip(indices, _marked(_turned([out[i] for i in indices])), strict=True):
            out[index] = cutout
    return out


def _turned(cutouts: list[Cutout]) -> list[Cutout]:
    known = [_end_difference(c) for c in cutouts if c.bar and c.held_known and not c.grey]
    if len(known) < _TEACHERS:
        return cutouts
    common = np.mean(known, axis=0)
    out = []
    for cutout in cutouts:
        if cutout.bar and not cutout.held_known:
            # a grey picture has only its luminance to tell by
            told = common * (1.0, 0.0, 0.0) if cutout.grey else common
            size = float(np.linalg.norm(told))
            likeness = float(_end_difference(cutout) @ told) / size if size > _TELLS else 0.0
            if likeness < -_LIKE:
                turned = np.ascontiguousarray(cutout.rgba[::-1, ::-1])
                angle = math.remainder(cutout.angle + math.pi, 2 * math.pi)
                cutout = replace(cutout, rgba=turned, angle=angle)
            cutout = replace(cutout, held_known=abs(likeness) > _LIKE)
        out.append(cutout)
    return out


def _marked(cutouts: list[Cutout]) -> list[Cutout]:
    profiles = {i: _profile(c) for i, c in enumerate(cutouts) if c.bar and not c.grey}
    if len(profiles) < _KIN:
        return cutouts
    middle = np.median(list(profiles.values()), axis=0)
    far = {i: float(np.linalg.norm(p - middle, axis=-1).mean()) for i, p in profiles.items()}
    common = max(float(np.median(list(far.values()))), _ALIKE)
    out = list(cutouts)
    for i, distance in far.items():
        usual = min(1.0, (_FAR * common / max(distance, 1e-6)) ** 2)
        out[i] = replace(out[i], quality=out[i].quality * usual, parts={**out[i].parts, "usual": usual})
    return out


def _profile(cutout: Cutout) -> NDArray[np.float64]:
    """Mean Lab colour of eighths of the length, (8, 3)."""
    lab = lab_of(np.ascontiguousarray(cutout.rgba[..., :3]))
    weight = (cutout.rgba[..., 3:] > 128).astype(np.float32) + 1e-3
    parts = np.array_split(np.arange(lab.shape[1]), 8)
    return np.array([(lab[:, p] * weight[:, p]).sum((0, 1)) / weight[:, p].sum() for p in parts], np.float64)


def _end_difference(cutout: Cutout) -> NDArray[np.float64]:
    """Mean Lab colour of the left third less that of the right."""
    lab = lab_of(np.ascontiguousarray(cutout.rgba[..., :3]))
    solid, third = cutout.rgba[..., 3] > 128, lab.shape[1] // 3
    left, right = lab[:, :third][solid[:, :third]], lab[:, -third:][solid[:, -third:]]
    if not len(left) or not len(right):
        return np.zeros(3)
    return np.asarray(left.mean(axis=0) - right.mean(axis=0), np.float64)
