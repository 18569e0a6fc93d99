"""Groups by names and cameras: what says that images are of one source, and what only looks as if it did."""

from __future__ import annotations

import pytest

from curate.copies.evidence import BURST, FRAMES, SIBLINGS, TILES, Group, Named, frame_of, groups


def named(*paths: str, size: tuple[int, int] = (640, 480)) -> list[Named | None]:
    return [Named(path, size) for path in paths]


OTHERS = [f"photo {name}.jpg" for name in "abcdefghijklmnopqrst"]  # so that no group is most of the set


@pytest.mark.parametrize(
    ("stem", "frame"),
    [
        ("walk_mp4-12", ("walk_mp4-", 12)),
        ("walk_frame_0012", ("walk_frame_", 12)),
        ("frame0007", ("frame", 7)),
        ("VID_20240131_235959_0007", ("VID_20240131_235959_", 7)),
        ("视频3_0012", ("视频3_", 12)),
        ("香烟_第12帧", ("香烟_第", 12)),
        ("录像-0001", ("录像-", 1)),
        ("VID_20240131_235959", None),  # a recording's own name
        ("IMG_0012", None),
        ("BloodImage_00001", None),
        ("raccoon-12", None),
        ("calling_12", None),
        ("paperclip_12", None),
        ("000123", None),
        ("", None),
    ],
)
def test_the_name_says_that_a_number_counts_frames(stem: str, frame: tuple[str, int] | None) -> None:
    assert frame_of(stem) == frame


def test_frames_come_in_the_order_of_their_numbers_and_videos_of_two_folders_are_two() -> None:
    images = named("a/frame_10.jpg", "a/frame_9.jpg", "b/frame_1.jpg", "b/frame_2.jpg")
    assert groups(images) == [Group(FRAMES, "frame", (1, 0)), Group(FRAMES, "frame", (2, 3))]


def test_a_video_that_was_dealt_out_to_folders_of_splits_is_one() -> None:
    images = named("train/images/walk_mp4-1.jpg", "valid/images/walk_mp4-2.jpg")
    assert groups(images) == [Group(FRAMES, "walk_mp4", (0, 1))]


def test_siblings_of_roboflow_share_their_source() -> None:
    images = named(
        "a_jpg.rf.0123456789abcdef.jpg", "a_jpg.rf.fedcba9876543210.jpg", "b_jpg.rf.0123456789abcdef.jpg"
    )
    assert groups(images) == [Group(SIBLINGS, "a", (0, 1))]


@pytest.mark.parametrize(
    "tiles",
    [
        ["field_0_0", "field_0_512", "field_512_0", "field_512_512"],  # places in pixels
        ["field_0_0", "field_0_1", "field_1_0", "field_1_1"],  # rows and columns
        ["field_x0_y0", "field_x0_y1", "field_x1_y0", "field_x1_y1"],
        ["field_0_0_512_512", "field_384_0_896_512"],  # corners
        ["field_0_0", "field_512_0", "field_900_0"],  # the last one moved to the edge
    ],
)
def test_tiles_of_one_picture_are_a_group(tiles: list[str]) -> None:
    images = named(*(f"{tile}.png" for tile in tiles), *OTHERS)
    assert groups(images) == [Group(TILES, "field", tuple(range(len(tiles))))]


@pytest.mark.parametrize(
    "names",
    [
        ["IMG_20240131_101500", "IMG_20240131_101512", "IMG_20240201_090000"],  # dates and times
        ["cat_3_1", "cat_3_2", "cat_5_1"],  # no grid that begins at its corner
        ["cat_1_7", "cat_1_8"],
    ],
)
def test_two_numbers_alone_are_no_tiles(names: list[str]) -> None:
    assert groups(named(*(f"{name}.jpg" for name in names), *OTHERS)) == []


def test_a_grid_that_is_most_of_the_set_is_a_habit_of_naming() -> None:
    people = [
        f"person_{i}_{j}.jpg" for i in range(1, 6) for j in range(1, 6)
    ]  # five people, five photographs each
    assert groups(named(*people)) == []


def test_shots_of_one_camera_within_two_seconds_are_a_burst() -> None:
    moments = [
        ("Nikon", 100.0),
        ("Nikon", 101.5),
        ("Canon", 101.0),
        ("Nikon", 103.0),
        ("Nikon", 110.0),
        (None, 110.0),
    ]
    images = [Named(f"{i}.jpg", None, camera, taken) for i, (camera, taken) in enumerate(moments)]
    assert groups(images) == [Group(BURST, "Nikon", (0, 1, 3))]


def test_a_clock_that_stands_still_makes_no_burst() -> None:
    assert groups([Named(f"{i}.jpg", None, "Nikon", 0.0) for i in range(100)]) == []


def test_no_images_and_rows_without_image_make_no_group() -> None:
    assert groups([]) == groups([None, None]) == []
