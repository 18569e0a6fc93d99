"""What painting a placement does to the pixels, and what it leaves alone."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
import pytest
from numpy.typing import NDArray

from curate.paste.blend import edges
from curate.paste.blend.front import cut_matte, guided, hand_matte
from curate.paste.blend.grain import encode_jpeg, jpeg_quality, noise, recompressed
from curate.paste.blend.light import greyed
from curate.paste.blend.paint import Look, Painted, paint
from curate.paste.blend.surroundings import look
from curate.paste.blend.warp import warp, window_of
from curate.paste.cutouts import Cutout
from curate.paste.greyness import colourless
from curate.paste.hosts.hands import describe
from curate.paste.hosts.model import Host
from curate.paste.placement.model import Cut, Placement
from tests.curate.drawn_hands import BOX, FINGERS, drawn_hand

IMAGE = drawn_hand()
HAND = describe(IMAGE, BOX)


def white_bar(skin_light: float | None = None) -> Cutout:
    """A white bar of 80 x 8 source pixels, cut out at twice its size, with 4 empty pixels around."""
    rgba = np.zeros((24, 168, 4), np.uint8)
    rgba[4:20, 4:164] = (235, 235, 235, 255)
    return Cutout(rgba, 2.0, 80, 8, 0.5, True, True, False, skin_light, 0.9)


def level(grip: str = "finger", **changes: object) -> Placement:
    """A bar of 60 x 6 pixels, level, its middle on the second finger at y = 60."""
    base = Placement(
        image="a.jpg",
        host=1,
        piece=0,
        relation="held-in",
        x=FINGERS[1],
        y=60.0,
        length=60.0,
        thickness=6.0,
        angle=0.0,
        mirrored=False,
        grip=grip,
        part=0,
        behind=grip in ("finger", "rim"),
        cut=None,
        bend=0.0,
        taper=1.0,
        light=1.0,
        visible=0.5,
        score=1.0,
    )
    return replace(base, **changes)  # type: ignore[arg-type]


def painted(
    placement: Placement,
    hand: Host = HAND,
    image: NDArray[np.uint8] = IMAGE,
    cutout: Cutout | None = None,
    seed: int = 0,
    **manner: object,
) -> tuple[Painted, NDArray[np.uint8]]:
    canvas = image.copy()
    how = Look(look(image, hand), **manner)  # type: ignore[arg-type]
    found = paint(canvas, image, cutout or white_bar(), hand, placement, how, np.random.default_rng(seed))
    return found, canvas


def changed(canvas: NDArray[np.uint8], image: NDArray[np.uint8] = IMAGE) -> NDArray[np.int64]:
    return np.abs(canvas.astype(int) - image.astype(int)).max(axis=2)


def test_without_a_hand_before_it_the_box_is_that_of_the_whole_bar() -> None:
    result, _ = painted(level("box"))
    # centre (92, 60), 60 x 6: x 62..122, y 57..63
    assert result.box == pytest.approx((62, 57, 122, 63), abs=1.01)
    assert result.visible == pytest.approx(1.0, abs=0.05)


def test_a_turned_bar_has_the_box_of_its_corners() -> None:
    result, _ = painted(level("box", angle=math.pi / 2))
    assert result.box == pytest.approx((89, 30, 95, 90), abs=1.01)


def test_fingers_cover_what_lies_behind_them() -> None:
    difference = changed(painted(level())[1])
    on_fingers = [difference[58:63, round(x) - 2 : round(x) + 3].max() for x in FINGERS[:3]]
    in_gaps = [difference[59:62, round(x) + 7 : round(x) + 10].max() for x in FINGERS[:2]]
    assert max(on_fingers) < 60  # a shadow of at most 28 % of 205, no bar
    assert min(in_gaps) > 80


def test_before_the_other_fingers_and_behind_its_own() -> None:
    own = min(HAND.tips, key=lambda t: abs(t.x - FINGERS[1])).finger
    difference = changed(painted(level(part=own))[1])
    assert difference[58:63, 90:95].max() < 60, "its own finger covers it, but for a shadow"
    assert difference[59:62, 106:111].min() > 25, "over the next finger it is seen"


def test_lips_hide_what_lies_beyond_their_line() -> None:
    # the line is upright at x = 80, and what lies to its right can be seen
    result, canvas = painted(level("lips", cut=Cut(80.0, 60.0, 1.0, 0.0)))
    assert result.box is not None
    assert result.box[0] == pytest.approx(80, abs=1.01)
    assert changed(canvas)[:, :77].max() < 40, "a shadow at most"
    assert result.visible == pytest.approx(42 / 60, abs=0.05)


def test_only_the_neighbourhood_changes() -> None:
    rows, columns = np.nonzero(changed(painted(level())[1]))
    assert rows.min() > 60 - 45
    assert rows.max() < 60 + 45
    assert columns.min() > 92 - 45
    assert columns.max() < 92 + 45


def test_the_same_generator_gives_the_same_pixels() -> None:
    assert painted(level())[1].tobytes() == painted(level())[1].tobytes()


def test_a_bar_wholly_behind_the_hand_changes_nothing() -> None:
    everywhere = replace(HAND, mask=np.full_like(HAND.mask, 255))
    result, canvas = painted(level(length=20.0, thickness=2.0), everywhere)
    assert (result.box, result.visible) == (None, 0.0)
    assert np.array_equal(canvas, IMAGE)


def test_a_bar_half_out_of_the_picture_has_a_box_inside_it() -> None:
    result, _ = painted(level("box", x=0.0, y=200.0))
    assert result.box is not None
    assert result.box[0] == 0
    assert result.box[2] == pytest.approx(30, abs=1.01)


def test_fingers_are_those_of_the_picture_before_anything_was_pasted() -> None:
    canvas = IMAGE.copy()
    how = Look(look(IMAGE, HAND), edge="none")
    for y in (60.0, 62.0):  # the second lies over the first, and both behind the fingers
        paint(canvas, IMAGE, white_bar(), HAND, level(y=y), how, np.random.default_rng(0))
    on_fingers = [changed(canvas)[58:63, round(x) - 2 : round(x) + 3].max() for x in FINGERS[:3]]
    assert max(on_fingers) < 90


def test_in_darker_light_the_thing_is_darker() -> None:
    as_lit_there, one = painted(level("box"), seed=1)
    lit_brighter_there, two = painted(level("box"), cutout=white_bar(skin_light=95.0), seed=1)
    assert lit_brighter_there.gain < as_lit_there.gain
    patch = (slice(59, 62), slice(66, 70))
    assert two[patch].mean() < one[patch].mean()


def test_a_grey_picture_gets_a_grey_thing() -> None:
    grey = np.repeat(IMAGE.mean(axis=2, keepdims=True), 3, axis=2).astype(np.uint8)
    red = white_bar()
    red.rgba[4:20, 4:164, :3] = (230, 60, 50)
    _, canvas = painted(level("box"), describe(grey, BOX), grey, red, grey=True)
    patch = canvas[59:62, 66:118].astype(int)
    assert np.abs(patch[..., 0] - patch[..., 2]).max() <= 8


def test_a_blurred_picture_gets_a_blurred_thing_and_in_the_direction_of_its_motion() -> None:
    checked = IMAGE.copy()
    checked[140:200, 30:68] = 200 * ((np.indices((60, 38)) // 8).sum(axis=0) % 2)[..., None]
    moved = cv2.GaussianBlur(checked, (0, 0), sigmaX=2.5, sigmaY=0.1)  # sharp in y, not in x
    sharp, _ = painted(level("box"), image=checked, edge="none")
    result, _ = painted(level("box"), describe(moved, BOX), moved, edge="none")
    assert max(sharp.blur) < 0.5
    assert result.blur[0] > 1.5 * max(result.blur[1], 0.3)


@pytest.mark.parametrize("edge", edges.EDGES)
def test_every_way_to_join_edges_shows_the_thing_where_it_is(edge: str) -> None:
    result, canvas = painted(level("box"), edge=edge)
    assert result.edge == edge
    assert result.box == pytest.approx((62, 57, 122, 63), abs=1.6)
    assert changed(canvas)[59:62, 64:120].mean() > 40


def test_edges_are_drawn_by_their_shares() -> None:
    rng = np.random.default_rng(0)
    found = [edges.drawn(rng) for _ in range(4000)]
    for edge, share in zip(edges.EDGES, edges.SHARES, strict=True):
        assert found.count(edge) / 4000 == pytest.approx(share, abs=0.03)


# --- parts ----------------------------------------------------------------------------------------------


def test_a_thing_keeps_its_area_at_any_angle() -> None:
    for angle in (0.0, 0.3, 0.8, 1.5):
        placement = level("box", x=120.0, y=110.0, angle=angle)
        _, alpha = warp(white_bar(), placement, window_of(IMAGE, placement))
        assert alpha.sum() == pytest.approx(60 * 6, rel=0.03)


def test_a_bent_thing_leaves_its_axis_in_the_middle_by_that_share_of_its_length() -> None:
    placement = level("box", x=120.0, y=110.0, bend=0.1)
    window = window_of(IMAGE, placement)
    _, alpha = warp(white_bar(), placement, window)
    rows = np.arange(alpha.shape[0]) + window[1] + 0.5

    def height(x: int) -> float:
        column = alpha[:, x - window[0]]
        return float((rows * column).sum() / column.sum())

    assert height(120) - height(93) == pytest.approx(0.1 * 60 * (26.5 / 30) ** 2, abs=0.3)


def test_a_tapering_thing_is_thicker_where_it_is_nearer() -> None:
    placement = level("box", x=120.0, y=110.0, taper=1.5)
    window = window_of(IMAGE, placement)
    _, alpha = warp(white_bar(), placement, window)
    held, free = alpha[:, 95 - window[0]].sum(), alpha[:, 145 - window[0]].sum()
    assert free / held == pytest.approx((1 + 0.25 * 5 / 6) / (1 - 0.25 * 5 / 6), rel=0.08)


def test_the_matte_follows_the_fingers() -> None:
    matte = hand_matte(IMAGE, HAND, (60, 40, 140, 80))
    assert matte.shape == (40, 80)
    for x in FINGERS:
        assert matte[15:30, round(x) - 60].min() > 0.8
    assert matte[15:30, 100 - 60].max() < 0.3, "the gap between the second and the third"


def test_the_guided_filter_keeps_a_plane_that_the_guide_explains() -> None:
    # where the plane is a linear function of the colours it comes out as it went in
    guide = np.random.default_rng(0).uniform(0, 1, (20, 30, 3)).astype(np.float32)
    plane = (0.2 + 0.5 * guide[..., 0] - 0.3 * guide[..., 2]).astype(np.float32)
    assert np.abs(guided(guide, plane, 4, 1e-6) - plane).max() < 2e-3


def test_a_cut_is_half_way_at_its_line() -> None:
    matte = cut_matte(Cut(10.0, 5.0, 1.0, 0.0), (0, 0, 20, 10), 2.0)
    assert matte[5].tolist()[:8] == [1.0] * 8
    assert matte[5, 9] == pytest.approx(0.75), "half a pixel before the line, a step of two"
    assert matte[5, 10] == pytest.approx(0.25)
    assert matte[5, 12:].max() == 0


@pytest.mark.parametrize(
    ("quality", "halved"), [(30, True), (50, True), (75, True), (90, False), (100, False)]
)
def test_the_quality_of_a_jpeg_is_told_from_its_tables(quality: int, halved: bool) -> None:
    found = jpeg_quality(encode_jpeg(IMAGE, quality, halved))
    assert found is not None
    assert found[0] == pytest.approx(quality, abs=1)
    assert found[1] is halved


@pytest.mark.parametrize(
    "content", [b"", b"\xff\xd8", b"\xff\xd8\xff\xdb\x00", b"\x89PNG\r\n\x1a\n" + b"0" * 50]
)
def test_what_is_no_jpeg_has_no_quality(content: bytes) -> None:
    assert jpeg_quality(content) is None


def test_a_jpeg_written_again_at_its_own_quality_hardly_changes() -> None:
    # so a pasted thing gets the blocks of the photograph, and the photograph loses nothing
    once = cv2.cvtColor(
        cv2.imdecode(np.frombuffer(encode_jpeg(IMAGE, 70), np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB
    )
    again = cv2.cvtColor(
        cv2.imdecode(np.frombuffer(encode_jpeg(once, 70), np.uint8), cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB
    )
    first, second = (np.abs(a.astype(int) - b.astype(int)).mean() for a, b in ((IMAGE, once), (once, again)))
    assert second < 0.15 * first


def test_recompressing_touches_only_what_was_changed() -> None:
    canvas = IMAGE.copy()
    which = np.zeros((40, 60), bool)
    which[10:20, 10:30] = True
    recompressed(canvas, (70, 50, 130, 90), which, 30, True)
    difference = changed(canvas)
    assert difference[60:70, 80:100].max() > 0
    difference[60:70, 80:100] = 0
    assert difference.max() == 0


def test_noise_has_the_strength_that_was_asked_for() -> None:
    plane = noise(5.0, (200, 200), np.random.default_rng(0))
    assert plane.shape == (200, 200, 1)
    assert plane.std() == pytest.approx(5.0, rel=0.1)


def test_the_grain_of_a_picture_is_its_noise() -> None:
    flat = np.full((120, 120, 3), 120.0)
    grey_noise = np.random.default_rng(0).normal(0, 4, (120, 120, 1))
    noisy = np.clip(flat + grey_noise, 0, 255).astype(np.uint8)
    host = describe(noisy, (20.0, 20.0, 100.0, 100.0))
    assert look(noisy, host).grain == pytest.approx(4.0, rel=0.15)


def test_grey_has_three_equal_channels_of_the_usual_weights() -> None:
    colour = np.array([[[100.0, 50.0, 200.0]]], np.float32)
    assert greyed(colour).tolist()[0][0] == pytest.approx(
        [0.299 * 100 + 0.587 * 50 + 0.114 * 200] * 3, rel=1e-5
    )


# --- black and white --------------------------------------------------------------------------------------


def test_a_grey_and_a_toned_photograph_are_black_and_white() -> None:
    grey = np.repeat(IMAGE.mean(axis=2, keepdims=True), 3, axis=2)
    assert colourless(grey.astype(np.uint8))
    sepia = np.clip(grey * (1.0, 0.84, 0.66), 0, 255).astype(np.uint8)
    assert colourless(sepia)


def test_white_things_on_white_are_a_colour_photograph_as_soon_as_one_thing_has_a_colour() -> None:
    white = np.full((200, 300, 3), 240, np.uint8)
    white[50:150, 100:200] = (225, 228, 231)
    white[90:110, 120:180] = (140, 44, 40)
    assert not colourless(white)
    assert not colourless(IMAGE)
