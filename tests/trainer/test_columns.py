"""Columns to slice by: what every image has, what images.csv says, what a user's table says."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest

from trainer.columns import MISSING, column_of
from trainer.data.folder import Split
from trainer.data.labels import FolderReport
from trainer.errors import TrainerError

NAMES = ("街 a/1.jpg", "街 a/2.jpg", "lab/3.png", "lab/4.jpg")


def split_of(root: Path, names: tuple[str, ...] = NAMES, boxes: tuple[int, ...] = (0, 1, 4, 30)) -> Split:
    """Images that need not exist: columns look at names, labels and sizes."""
    return Split(
        "test",
        [root / "images" / "test" / name for name in names],
        [np.zeros((count, 5), np.float32) for count in boxes],
        np.array([(640, 480)] * (len(names) - 1) + [(320, 240)], np.int64),
        FolderReport(),
    )


def values(root: Path, by: str, table: Path | None = None, split: Split | None = None) -> tuple[str, ...]:
    images = split_of(root) if split is None else split
    return column_of(images, root / "data.yaml", by, table).values


def csv(path: Path, *lines: str, encoding: str = "utf-8") -> Path:
    path.write_bytes("\n".join(lines).encode(encoding))
    return path


def test_every_image_has_a_folder_a_number_of_objects_a_resolution_and_a_split(tmp_path: Path) -> None:
    assert values(tmp_path, "folder") == ("街 a", "街 a", "lab", "lab")
    assert values(tmp_path, "objects") == ("0", "1", "2-5", "over 20")
    assert values(tmp_path, "resolution") == ("640x480",) * 3 + ("320x240",)
    assert values(tmp_path, "split") == ("test",) * 4
    joined = column_of(
        split_of(tmp_path), tmp_path / "data.yaml", "split", None, ("val", "val", "test", "test")
    )
    assert joined.values == ("val", "val", "test", "test")


def test_images_in_one_folder_have_one_folder(tmp_path: Path) -> None:
    assert values(tmp_path, "folder", split=split_of(tmp_path, ("a.jpg", "b.jpg"), (0, 0))) == (
        "test",
        "test",
    )
    assert values(tmp_path, "folder", split=split_of(tmp_path, (), ())) == ()


def test_images_csv_of_the_folder_tells_more_of_each_image(tmp_path: Path) -> None:
    rows = [f"images/test/{name},{source}" for name, source in zip(NAMES, "xxyy", strict=True)]
    csv(tmp_path / "images.csv", "image,source", *rows)
    assert values(tmp_path, "source") == ("x", "x", "y", "y")
    with pytest.raises(TrainerError, match=r"did you mean --by source\?"):
        values(tmp_path, "sourc")


def test_a_table_names_images_with_or_without_folder_and_suffix(tmp_path: Path) -> None:
    table = csv(tmp_path / "表.csv", "image,天气", "1.jpg,雨", "2,晴", r"C:\photos\lab\3.png,雨", "lab/4,晴")
    assert values(tmp_path, "天气", table) == ("雨", "晴", "雨", "晴")


def test_the_first_column_names_the_image_where_none_is_called_so(tmp_path: Path) -> None:
    table = csv(tmp_path / "t.tsv", "picture\tcamera", "1\tA", "2\tB", "3\tA", "4\tB")
    assert values(tmp_path, "camera", table) == ("A", "B", "A", "B")
    other = csv(tmp_path / "u.csv", "camera,File", "A,1", "B,2", "A,3", "B,4")
    assert values(tmp_path, "camera", other) == ("A", "B", "A", "B")


def test_a_parquet_file_with_a_mark_and_a_csv_with_a_byte_order_mark_are_read(tmp_path: Path) -> None:
    frame = pl.DataFrame({"image": ["1.jpg", "2.jpg", "3.png", "4.jpg"], "night": [True, False, None, True]})
    frame.write_parquet(tmp_path / "t.parquet")
    assert values(tmp_path, "night", tmp_path / "t.parquet") == ("True", "False", MISSING, "True")
    table = csv(tmp_path / "t.csv", "image,night", "1,yes", "2,", "3,no", "4,yes", encoding="utf-8-sig")
    assert values(tmp_path, "night", table) == ("yes", MISSING, "no", "yes")


def test_images_that_the_table_does_not_name_are_told(tmp_path: Path) -> None:
    table = csv(tmp_path / "t.csv", "image,camera", "1,A", "9,B")
    column = column_of(split_of(tmp_path), tmp_path / "data.yaml", "camera", table)
    assert column.values == ("A", MISSING, MISSING, MISSING)
    assert column.note is not None and "no row for 3 of 4 images" in column.note


def test_many_numbers_become_four_ranges_in_their_order(tmp_path: Path) -> None:
    names = tuple(f"{i}.jpg" for i in range(40))
    split = split_of(tmp_path, names, (1,) * 40)
    table = csv(tmp_path / "t.csv", "image,lux", *(f"{i},{i * 10}" for i in range(39)), "39,")
    column = values(tmp_path, "lux", table, split)
    assert sorted(set(column)) == [MISSING, "1: 0 to 95", "2: 95 to 190", "3: 190 to 285", "4: 285 to 380"]
    assert [column.count(name) for name in sorted(set(column))] == [1, 10, 9, 10, 10]
    few = csv(tmp_path / "u.csv", "image,floor", *(f"{i},{i % 3}" for i in range(40)))
    assert set(values(tmp_path, "floor", few, split)) == {"0", "1", "2"}


def test_two_images_of_one_name_are_told_apart_by_their_folder(tmp_path: Path) -> None:
    split = split_of(tmp_path, ("a/1.jpg", "b/1.jpg"), (0, 0))
    table = csv(tmp_path / "t.csv", "image,x", "a/1.jpg,p", "b/1.jpg,q")
    assert values(tmp_path, "x", table, split) == ("p", "q")
    both = csv(tmp_path / "u.csv", "image,x", "1.jpg,p")
    assert values(tmp_path, "x", both, split) == ("p", "p")
    torn = csv(tmp_path / "v.csv", "image,x", "1.jpg,p", "1.jpg,q")
    with pytest.raises(TrainerError, match=r"says x = 'p' and 'q' of 1.jpg"):
        values(tmp_path, "x", torn, split)


def test_a_row_of_another_split_says_nothing_of_an_image_of_the_same_name(tmp_path: Path) -> None:
    rows = ("images/train/1.jpg,p", "images/test/1.jpg,q", "images/train/2.jpg,r")
    csv(tmp_path / "images.csv", "image,camera", *rows)
    split = split_of(tmp_path, ("1.jpg", "2.jpg"), (0, 0))  # of test
    assert values(tmp_path, "camera", None, split) == ("q", MISSING)
    # folders that are those of no image: the data set had others before it was exported
    table = csv(tmp_path / "old.csv", "image,camera", "JPEGImages/1.jpg,q", "JPEGImages/2.jpg,r")
    assert values(tmp_path, "camera", table, split) == ("q", "r")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"image,camera\n", "no 'image' names an image|has no column"),
        (b"image,camera\n77,A\n", "no 'image' names an image of the test split, such as 1.jpg"),
        (b"image,cam\n1,A\n", "has no column 'camera'; did you mean --by cam"),
        (b"\xff\xfe\x00", "cannot be read as a table"),
        (b"", "cannot be read as a table"),
        (b"image,camera\n1,A,B,C\n", "cannot be read as a table"),
    ],
)
def test_a_table_of_no_use_is_refused_with_its_cure(tmp_path: Path, content: bytes, said: str) -> None:
    (tmp_path / "t.csv").write_bytes(content)
    with pytest.raises(TrainerError, match=said):
        values(tmp_path, "camera", tmp_path / "t.csv")


def test_a_column_of_as_many_words_as_images_is_no_way_to_slice(tmp_path: Path) -> None:
    names = tuple(f"{i}.jpg" for i in range(60))
    table = csv(tmp_path / "t.csv", "image,id", *(f"{i},word {i}" for i in range(60)))
    with pytest.raises(TrainerError, match="id has 60 different values"):
        values(tmp_path, "id", table, split_of(tmp_path, names, (1,) * 60))


def test_a_missing_table_and_an_unknown_column_are_told(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match="no table at"):
        values(tmp_path, "x", tmp_path / "no.csv")
    with pytest.raises(TrainerError, match="There are folder, objects, resolution, split"):
        values(tmp_path, "weather")
