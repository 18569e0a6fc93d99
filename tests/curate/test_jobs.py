"""Which pictures are made of hosts and placements, in which order and under which names."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from curate.paste.blend.surroundings import Surroundings
from curate.paste.compose import Looked
from curate.paste.hosts.model import HAND, MOUTH, Found, by_box
from curate.paste.jobs import jobs
from curate.paste.placement.model import Placement, Scene
from curate.paste.targets import Target
from tests.curate.test_blend import level

HERE = Surroundings(1.0, 1.0, 1.0, 1.0, None, 90.0, 80.0, 10.0, (0.0, 0.0))


def looked(image: str, number: int, kind: str = HAND, scores: tuple[float, ...] = (0.9,)) -> Looked:
    """A host with a placement for each score."""
    box = (10.0, 10.0, 60.0, 60.0)
    host = by_box(kind, np.zeros((100, 100, 3), np.uint8), box)
    scene = Scene(image, 1, kind, number, 100, 100, host, (), 1.0, False)
    places: list[Placement] = [
        replace(level(), image=image, host=number, score=s, x=10.0 * s) for s in scores
    ]
    target = Target(image, image, image, 100, 100, ())
    return Looked(target, Found(kind, kind, 1, box, "label"), scene, HERE, tuple(places), None)


ONE = (1, 1)


def test_the_best_come_first_and_every_host_once_where_that_is_enough() -> None:
    hosts = [looked(f"{i}.jpg", 1, scores=(s, s - 0.1)) for i, s in enumerate((0.5, 0.9, 0.7))]
    found = jobs(hosts, 1, ONE, seed=0)
    assert [job.target.image for job in found] == ["1.jpg", "2.jpg", "0.jpg"]
    assert [job.number for job in found] == [0, 0, 0]
    assert all(len(job.spots[0].placements) == 2 for job in found), "the second is for when the first fails"


def test_hosts_are_used_again_with_their_other_placements_where_more_are_asked_for() -> None:
    (host,) = [looked("a.jpg", 1, scores=(0.9, 0.8, 0.7))]
    found = jobs([host], 3, ONE, seed=0)
    assert len(found) == 3
    assert sorted(job.spots[0].placements[0].score for job in found) == [0.7, 0.8, 0.9]


def test_hands_and_mouths_take_turns() -> None:
    hosts = [
        *(looked(f"m{i}.jpg", 1, MOUTH, (0.99,)) for i in range(5)),
        *(looked(f"h{i}.jpg", 1, HAND, (0.5,)) for i in range(5)),
    ]
    found = jobs(hosts, 6, ONE, seed=0)
    assert Counter(job.spots[0].scene.host.kind for job in found[:6]) == {HAND: 3, MOUTH: 3}


def test_a_picture_may_get_several_things_on_as_many_hosts() -> None:
    hosts = [looked("a.jpg", n, scores=(0.9, 0.8)) for n in (1, 2, 3)]
    for job in jobs(hosts, 3, (2, 2), seed=0):
        numbers = [spot.scene.number for spot in job.spots]
        assert len(set(numbers)) == len(numbers) == 2
    lone = [looked("b.jpg", 1)]
    assert [len(job.spots) for job in jobs(lone, 1, (3, 3), seed=0)] == [1], "no more than there are hosts"


def test_the_number_of_things_is_drawn_from_its_range() -> None:
    hosts = [looked(f"{i}.jpg", n) for i in range(60) for n in (1, 2, 3)]
    sizes = Counter(len(job.spots) for job in jobs(hosts, 100, (1, 3), seed=0))
    assert set(sizes) == {1, 2, 3}
    assert min(sizes.values()) > 0.2 * sum(sizes.values())


def test_names_are_unique_also_where_case_does_not_count() -> None:
    hosts = [looked(name, 1) for name in ("x/a.jpg", "x_a.png", "X/A.jpg")]
    names = [job.name for job in jobs(hosts, 3, ONE, seed=0)]
    assert len({name.casefold() for name in names}) == 3


@pytest.mark.parametrize("name", ["a:b?.jpg", "照片/手.jpg", "a" * 300 + ".jpg"])
def test_names_can_be_those_of_files(name: str) -> None:
    (job,) = jobs([looked(name, 1)], 1, ONE, seed=0)
    assert not set('\\/:*?"<>|') & set(job.name)
    assert len(job.name.encode()) < 200


def test_no_host_gives_no_picture() -> None:
    assert jobs([], 5, ONE, seed=0) == []
    nothing = replace(looked("a.jpg", 1), placements=(), reason="nothing fits the hand")
    assert jobs([nothing], 5, ONE, seed=0) == []
