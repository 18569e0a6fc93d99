"""Which pictures are made: hosts with their placements in, jobs out, the best first."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from curate.paste.compose import Job, Looked, Spot
from curate.paste.placement.model import Scene, generator

_AGAIN = 0.9  # each further picture with the same host is worth that much less than a new one
_MOST_AGAIN = 12
_GOOD_PLACEMENT = 0.42


def jobs(looked: Sequence[Looked], count: int, each: tuple[int, int], seed: int) -> list[Job]:
    """Pictures that could be made, the best first; at least as many as asked for where the hosts allow it.

    As few pictures of one host as the count allows: each takes its share of the host's placements. `each` is
    the range of things a picture gets, on as many hosts of it.
    """
    placed = [row for row in looked if row.placements]
    kinds = sorted({row.scene.host.kind for row in placed})
    scores = {k: np.array([r.placements[0].score for r in placed if r.scene.host.kind == k]) for k in kinds}
    shares = {kind: _shares(scores[kind], count / len(kinds)) for kind in kinds}
    together: dict[str, list[Looked]] = {}
    for row in placed:
        together.setdefault(row.target.image, []).append(row)
    found: list[tuple[float, Job]] = []
    for row in placed:
        own = shares[row.scene.host.kind]
        for number in range(own):
            spots = _spots(row, together[row.target.image], number, own, each, seed)
            if spots:
                score = spots[0].placements[0].score * _AGAIN**number
                found.append((score, Job(row.target, spots, number, _new_name(row.scene, number))))
    found.sort(key=lambda j: (-j[0], j[1].name))
    return unique(_in_turn([job for _, job in found]))


def _in_turn(ordered: Sequence[Job]) -> list[Job]:
    """Hands, mouths and other hosts in turn, each the best first: a mouth is found more surely than a finger,
    but a detector has to learn both."""
    ranks: Counter[str] = Counter()
    keyed = []
    for job in ordered:
        kind = job.spots[0].scene.host.kind
        keyed.append((ranks[kind], kind, job))
        ranks[kind] += 1
    return [job for _, _, job in sorted(keyed, key=lambda k: k[:2])]


def _spots(
    row: Looked, beside: Sequence[Looked], number: int, shares: int, each: tuple[int, int], seed: int
) -> tuple[Spot, ...]:
    """The host's own spot, then those of other hosts of the picture, as many as the picture is to have."""
    rng = generator(seed, row.target.image, row.scene.number, number, 11)
    wanted = int(rng.integers(each[0], each[1] + 1))
    others = [other for other in beside if other.scene.number != row.scene.number]
    chosen = [row, *(others[i] for i in rng.permutation(len(others))[: wanted - 1])]
    spots = []
    for which, one in enumerate(chosen):
        own = one.placements[number::shares] if which == 0 else one.placements
        if own:
            spots.append(Spot(one.scene, one.found, one.here, tuple(own)))
        elif which == 0:
            return ()
    return tuple(spots)


def _shares(scores: NDArray[np.float64], count: float) -> int:
    """How often each host is used, so that there are enough good pictures and some to spare."""
    shares = 1
    good = int((scores >= _GOOD_PLACEMENT).sum())
    while shares < _MOST_AGAIN and good < 1.3 * count:
        good += int((scores * _AGAIN**shares >= _GOOD_PLACEMENT).sum())
        shares += 1
    return shares


def _new_name(scene: Scene, number: int) -> str:
    """Unique among the new pictures: the path of the old one, its host, the how manieth."""
    stem = re.sub(r"\.[^./]*$", "", scene.image)
    flat = re.sub(r"[\\/:*?\"<>|\x00-\x1f\uf780-\uf7ff]", "_", stem)
    short = flat if len(flat.encode()) <= 120 else flat[-40:]
    return f"{short}_paste{scene.number}_{number}"


def unique(found: Sequence[Job]) -> list[Job]:
    """Names may fall together once flattened, or where case does not count: the later ones get a tail."""
    seen: Counter[str] = Counter()
    out = []
    for job in found:
        key = job.name.casefold()
        seen[key] += 1
        if seen[key] > 1:
            job = Job(job.target, job.spots, job.number, f"{job.name}_{seen[key]}")
        out.append(job)
    return out
