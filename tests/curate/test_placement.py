"""Where things are held: tables only, no pixel is painted here."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from curate.paste.hands import Hand, describe
from curate.paste.placement import BUILT_IN_RATIO, Piece, Relation, Scene, learn, place
from tests.curate.drawn_hands import BOX, FINGERS, drawn_hand

CIGARETTE = Piece(length=90, thickness=9, edge=0.8, bar=True, grey=False, held_known=True, quality=0.9)


@pytest.fixture(scope="module")
def hand() -> Hand:
    return describe(drawn_hand(), BOX)


@pytest.fixture
def scene(hand: Hand) -> Scene:
    return Scene("a.jpg", 1, "hand", 240, 220, hand, others=(), edge=1.0, grey=False)


def test_it_lies_across_a_finger_near_its_tip(scene: Scene) -> None:
    found = place(scene, [CIGARETTE], Relation(), seed=0)
    assert found
    for p in found:
        # fingers point up, so the thing lies level, give or take two thirds of a radian of jitter
        assert abs(math.sin(p.angle)) < math.sin(0.67)
        # its axis passes a finger between the tip (y = 35) and the palm (y = 90)
        along = [(x - p.x) / math.cos(p.angle) for x in FINGERS]
        crossings = [p.y + a * math.sin(p.angle) for a in along if abs(a) <= p.length / 2]
        assert any(35 <= y <= 90 for y in crossings)


def test_its_size_follows_the_finger(scene: Scene) -> None:
    for p in place(scene, [CIGARETTE], Relation(), seed=1):
        # fingers are 10 wide, a cigarette 0.44 to 0.62 of a finger, believed within 3 pixels
        assert 0.44 * 7 <= p.thickness <= 0.62 * 13
        assert p.length / p.thickness == pytest.approx(10)


def test_most_of_it_is_seen_and_some_of_it_is_not(scene: Scene) -> None:
    for p in place(scene, [CIGARETTE], Relation(), seed=2):
        assert 0.4 <= p.visible <= 0.92


def test_the_same_seed_gives_the_same_table_and_another_seed_another(scene: Scene) -> None:
    first = place(scene, [CIGARETTE], Relation(), seed=3)
    assert first == place(scene, [CIGARETTE], Relation(), seed=3)
    assert first != place(scene, [CIGARETTE], Relation(), seed=4)


def test_no_two_placements_in_a_hand_are_alike(scene: Scene) -> None:
    found = place(scene, [CIGARETTE], Relation(), seed=5)
    for i, a in enumerate(found):
        for b in found[:i]:
            assert math.dist((a.x, a.y), (b.x, b.y)) > 0.25 * min(a.length, b.length)


def test_a_piece_is_not_blown_up(scene: Scene) -> None:
    tiny = replace(CIGARETTE, length=20, thickness=2)
    assert place(scene, [tiny], Relation(), seed=0) == []


def test_a_blurred_piece_does_not_enter_a_sharp_picture(scene: Scene) -> None:
    soft = replace(CIGARETTE, edge=6.0)
    assert place(scene, [soft], Relation(), seed=0) == []
    assert place(replace(scene, edge=4.0), [soft], Relation(), seed=0) != []


def test_a_grey_piece_enters_grey_pictures_only(scene: Scene) -> None:
    grey = replace(CIGARETTE, grey=True)
    assert place(scene, [grey], Relation(), seed=0) == []
    assert place(replace(scene, grey=True), [grey], Relation(), seed=0) != []


def test_nothing_is_placed_over_another_label(scene: Scene) -> None:
    everything = ((68.0, 30.0, 132.0, 95.0), (0.0, 0.0, 68.0, 220.0), (132.0, 0.0, 240.0, 220.0))
    # boxes of 20 x 20 all over the fingers: any placement covers one
    tiles = tuple((x, y, x + 10.0, y + 10.0) for x in range(0, 240, 10) for y in range(0, 220, 10))
    assert place(replace(scene, others=tiles), [CIGARETTE], Relation(), seed=0) == []
    assert place(replace(scene, others=everything), [CIGARETTE], Relation(), seed=0) != []


def test_what_would_be_too_small_at_640_is_left_out(scene: Scene) -> None:
    # the same hand in a picture twenty times as wide: 50 pixels of 4,800 are 7 at 640
    assert place(replace(scene, width=4800, height=4400), [CIGARETTE], Relation(), seed=0) == []


def test_no_piece_gives_no_placement(scene: Scene) -> None:
    assert place(scene, [], Relation(), seed=0) == []


def test_a_hand_known_by_its_box_alone_gets_a_placement_that_says_so(scene: Scene) -> None:
    blank = drawn_hand() * 0
    unknown = describe(blank, BOX)
    found = place(replace(scene, hand=unknown), [CIGARETTE], Relation(), seed=0)
    assert {p.grip for p in found} == {"box"}


def test_fewer_than_twenty_pairs_teach_nothing() -> None:
    assert learn([(50, 100, 30)] * 19) == Relation()
    assert learn([]) == Relation(*BUILT_IN_RATIO, learned_from=0)


def test_twenty_pairs_teach_size_and_distance() -> None:
    # ratios 0.3 (five), 0.4 (ten), 0.5 (five): the quartiles are 0.375 and 0.425 by linear interpolation
    pairs = [(30, 100, 20)] * 5 + [(40, 100, 20)] * 10 + [(50, 100, 20)] * 5
    relation = learn(pairs)
    assert (relation.low, relation.high) == (pytest.approx(0.375), pytest.approx(0.425))
    assert relation.reach == pytest.approx(0.2)
    assert relation.learned_from == 20


def test_what_was_learned_decides_the_size(scene: Scene) -> None:
    relation = Relation(0.8, 0.8, reach=2.0, learned_from=50)
    found = place(scene, [CIGARETTE], relation, seed=0)
    assert found
    assert {round(p.length, 6) for p in found} == {round(0.8 * scene.hand.size, 6)}
