"""Near-copies: altered copies are found, pictures that only look alike are not, and not all meet all."""

from __future__ import annotations

import tracemalloc
from dataclasses import fields

import cv2
import numpy as np
import pytest

from curate.copies.align import align, places, quarters
from curate.copies.clusters import clusters
from curate.copies.fingerprint import (
    BITS,
    MARGINS,
    TURNS,
    WINDOWS,
    codes,
    coefficients,
    differing_bits,
    turn_pictures,
    turned,
    values,
)
from curate.copies.lookup import TABLES, Ways, _filed, _narrowed, ways
from curate.copies.near import _alike, near_copies
from curate.copies.refine import sample
from curate.pixels.look import SIDE, look_at
from tests.bench.near_copies import ALTERATIONS, altered, drawn_thumbs


def scene(number: int, width: int = 320, height: int = 240) -> np.ndarray:
    """A picture with coarse and fine detail, like no other."""
    rng = np.random.default_rng(number)
    shown = np.zeros((height, width, 3))
    for cells, strength in ((4, 110), (12, 60), (40, 25)):
        small = rng.normal(size=(cells * 3 // 4, cells, 1)) + 0.2 * rng.normal(
            size=(cells * 3 // 4, cells, 3)
        )
        shown += strength * cv2.resize(small, (width, height), interpolation=cv2.INTER_CUBIC)
    return np.clip(shown * 0.35 + 128, 0, 255).astype(np.uint8)


def thumb(pixels: np.ndarray) -> np.ndarray:
    return look_at(cv2.imencode(".png", pixels[:, :, ::-1])[1].tobytes()).thumb


SCENES = np.stack([thumb(scene(number)) for number in range(30)])


def pairs_of(thumbs: np.ndarray) -> set[tuple[int, int]]:
    found = near_copies(thumbs)
    return {(min(a, b), max(a, b)) for a, b in zip(found.a.tolist(), found.b.tolist(), strict=True)}


TWICE = ("mirror + crop 70-95 %", "turn by 90 + gamma", "JPEG 30-90 + resize 0.5-2")


@pytest.mark.parametrize("how", [*ALTERATIONS, *TWICE])
def test_altered_copies_are_found_and_no_other_pictures(how: str) -> None:
    rng = np.random.default_rng(1)
    copies = np.stack([look_at(altered(scene(number), how, rng)).thumb for number in range(10)])
    found = pairs_of(np.concatenate([SCENES, copies]))
    assert found <= {(number, 30 + number) for number in range(10)}
    assert len(found) >= 8  # strong light and strong contrast wash a part out here and there


def test_pictures_that_differ_are_no_copies() -> None:
    assert pairs_of(SCENES) == set()


def test_a_scene_in_which_something_moved_is_no_copy() -> None:
    moved = scene(0)
    moved[60:180, 100:200] = scene(1)[60:180, 100:200]
    assert pairs_of(np.stack([thumb(scene(0)), thumb(moved)])) == set()


def test_the_turn_and_the_place_of_a_copy_are_told() -> None:
    # columns 32 to 320 of 320, rows 0 to 216 of 240: x 0.1, y 0, width 0.9, height 0.9; then mirrored
    crop = scene(0)[:216, 32:, :][:, ::-1]
    found = near_copies(np.stack([thumb(scene(0)), thumb(crop)]))
    assert (found.a.tolist(), found.b.tolist(), found.turn.tolist()) == ([0], [1], [1])
    assert found.place[0] == pytest.approx([0.1, 0, 0.9, 0.9], abs=0.01)


def test_equal_thumbnails_are_paired_with_the_first_of_them_and_flat_ones_with_none() -> None:
    flat = np.full((SIDE, SIDE), 128, np.uint8)
    assert pairs_of(np.stack([SCENES[0], flat, SCENES[0], flat, SCENES[0]])) == {(0, 2), (0, 4)}


def test_nothing_is_found_in_nothing() -> None:
    for count in (0, 1):
        assert len(near_copies(SCENES[:count])) == 0


def test_rows_that_are_not_usable_are_left_out() -> None:
    twice = np.concatenate([SCENES[:1], SCENES[:1]])
    assert len(near_copies(twice, np.array([True, False]))) == 0


def test_the_order_of_the_pictures_does_not_change_what_is_found() -> None:
    thumbs = drawn_thumbs(200, 5)
    back = {(199 - b, 199 - a) for a, b in pairs_of(thumbs[::-1])}
    assert back == pairs_of(thumbs) == {(i, i + 1) for i in range(18, 200, 20)}


def test_hundreds_of_look_alikes_are_not_compared_all_with_all() -> None:
    rng = np.random.default_rng(0)
    noise = rng.integers(-2, 3, (300, SIDE, SIDE))
    frames = np.clip(SCENES[0].astype(int) + noise, 0, 255).astype(np.uint8)
    assert len(ways(frames, np.arange(300))) < 300 * 64  # of 44,850 pairs
    assert clusters(pairs_of(frames)) == [list(range(300))]  # and still hang together


def test_pairs_of_look_alikes_are_compared_some_at_a_time() -> None:
    thumbs = np.repeat(SCENES[:1], 200, axis=0)
    a, b = np.triu_indices(200, 1)
    none = np.zeros(len(a), np.int64)
    tracemalloc.start()
    try:
        assert len(_alike(thumbs, Ways(a, b, none, none, none))) == 19_900
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 20e6  # all 19,900 pairs at once would be 92 MB of differences


def family(number: int, count: int = 6) -> np.ndarray:
    """A scene and copies of it, altered in ways that are drawn."""
    rng = np.random.default_rng(number)
    hows = [str(rng.choice([*ALTERATIONS, *TWICE])) for _ in range(count - 1)]
    return np.stack(
        [thumb(scene(number)), *(look_at(altered(scene(number), how, rng)).thumb for how in hows)]
    )


FAMILIES = np.concatenate([family(number) for number in range(100, 108)])


def test_what_hangs_together_is_the_same_where_only_what_is_not_connected_is_compared() -> None:
    every, enough = near_copies(FAMILIES, every=True), near_copies(FAMILIES)
    joined = [clusters(zip(found.a.tolist(), found.b.tolist(), strict=True)) for found in (every, enough)]
    assert joined[0] == joined[1]
    assert all(len({row // 6 for row in rows}) == 1 for rows in joined[0])
    assert len(joined[0]) == 8
    assert len(enough) < 48 < len(every)


def test_the_number_of_threads_changes_nothing() -> None:
    one, three = near_copies(FAMILIES, workers=1), near_copies(FAMILIES, workers=3)
    for column in fields(one):
        assert np.array_equal(getattr(one, column.name), getattr(three, column.name)), column.name


def test_of_a_crowd_under_one_key_the_nearest_in_the_order_of_the_pictures_are_looked_at() -> None:
    crowd = np.zeros((1000, WINDOWS), np.uint64)  # all windows of 1,000 pictures have one fingerprint
    table = _filed(crowd.reshape(-1), 14, TABLES[0])
    low, high = _narrowed(table, np.zeros((3, 1), np.int64), np.array([0, 500, 999]))
    assert (high - low).tolist() == [[256], [256], [256]]
    looked_at = [
        table.entries[begin:end] // WINDOWS for begin, end in zip(low[:, 0], high[:, 0], strict=True)
    ]
    # 256 entries are 7 pictures of 36 windows: those around each
    assert [(rows.min(), rows.max()) for rows in looked_at] == [(0, 7), (496, 503), (992, 999)]


def test_pictures_that_hardly_differ_as_they_lie_are_told_though_they_are_no_copies() -> None:
    marked = SCENES[0].copy()
    marked[20:24, 20:24] = np.where(marked[20:24, 20:24] > 127, 0, 255)
    found = near_copies(np.stack([SCENES[0], marked, SCENES[1]]))
    assert len(found) == 0
    assert found.alike.tolist() == [[0, 1]]


def test_pictures_turn_as_their_coefficients_do() -> None:
    found = coefficients(SCENES[:3])
    for turn in range(TURNS):
        pictures = turn_pictures(SCENES[:3].astype(np.float32), turn)
        again = coefficients(pictures.astype(np.uint8))[:, 0]
        assert np.abs(turned(found[:, 0])[:, turn] - again).max() < 1e-2


def test_the_first_window_is_the_whole_and_windows_are_named_rows_first() -> None:
    assert MARGINS[0] == (0.0, 0.0)
    # window 1: all rows, the second margins of the columns
    assert places(np.array([0, 1])).tolist() == pytest.approx(
        np.array([[0, 0, 1, 1], [MARGINS[1][0], 0, 1 - sum(MARGINS[1]), 1]])
    )


def test_a_window_has_the_coefficients_of_the_crop() -> None:
    window = WINDOWS - 1  # rows and columns 0.16 to 1... of the last margins: 16 % off the high end
    whole = scene(3, 400, 400)
    crop = whole[:336, :336]
    found = values(coefficients(np.stack([thumb(whole)])))[0, window]
    own = values(coefficients(np.stack([thumb(crop)])))[0, 0]
    assert np.corrcoef(found, own)[0, 1] > 0.98
    assert differing_bits(codes(found[None]), codes(own[None]))[0] <= 3


def test_bits_are_counted_one_by_one() -> None:
    a = np.array([0, 0b1011, 2**33 - 1], np.uint64)
    b = np.array([0, 0b0001, 0], np.uint64)
    assert differing_bits(a, b).tolist() == [0, 2, 33]
    assert len(BITS) == 33


def test_a_place_is_sampled_by_linear_interpolation() -> None:
    ramp = np.tile(np.arange(48, dtype=np.float32), (48, 1))[None]
    # the right half: its pixel i lies at (24 + (i + 0.5) / 2) - 0.5 of the whole
    half = sample(ramp, np.array([[0.5, 0, 0.5, 1]], np.float32))[0, 0]
    assert half[:3] == pytest.approx([23.75, 24.25, 24.75])


def test_nothing_is_aligned_with_nothing() -> None:
    none = np.zeros(0, np.int64)
    assert align(SCENES, quarters(SCENES), none, none, none, none).is_copy.tolist() == []


def test_pairs_join_to_sorted_groups() -> None:
    assert clusters([(5, 3), (1, 2), (3, 9)]) == [[1, 2], [3, 5, 9]]
    assert clusters([]) == []
