"""The hand-over folder: read as people write it, row by row, with an account of every row left out."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest

from trainer.data.folder import Folder, Split, describe, label_path, read_folder
from trainer.data.images import UnreadableImageError, image_size, read_image
from trainer.data.labels import FolderReport, read_labels
from trainer.errors import TrainerError


def write_image(path: Path, width: int = 40, height: int = 30) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    colour = np.frombuffer(path.name.encode()[:3].ljust(3), np.uint8)  # no two splits have one picture
    done, data = cv2.imencode(path.suffix, np.tile(colour, (height, width, 1)))
    assert done
    path.write_bytes(data.tobytes())
    return path


def write_label(path: Path, text: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def small(root: Path, yaml: str = "train: images/train\nval: images/val\nnames: [a, b]\n") -> Path:
    """Two training images and one to validate, a box on each."""
    for name in ("train/1", "train/2", "val/3"):
        write_image(root / f"images/{name}.jpg")
        write_label(root / f"labels/{name}.txt", "1 0.5 0.5 0.2 0.4\n")
    (root / "data.yaml").write_text(yaml, encoding="utf-8")
    return root / "data.yaml"


def train_names(folder: Folder) -> list[str]:
    split = folder.split("train")
    assert split is not None
    return [path.stem for path in split.images]


def test_a_plain_folder_is_read_in_order(tmp_path: Path) -> None:
    folder = read_folder(small(tmp_path))
    train = folder.split("train")
    assert train is not None
    assert folder.classes == ("a", "b")
    assert [path.name for path in train.images] == ["1.jpg", "2.jpg"]
    assert train.labels[0].dtype == np.float32
    assert train.labels[0].tolist() == [[1, 0.5, 0.5, np.float32(0.2), np.float32(0.4)]]
    assert train.sizes.tolist() == [[40, 30], [40, 30]]
    assert folder.split("test") is None
    assert folder.report.used == 3
    assert folder.anchors is None


@pytest.mark.parametrize(
    "yaml",
    [
        "path: {root}\ntrain: images/train\nval: images/val\nnames: {{0: a, 1: b}}\nnc: 2\n",
        "path: /home/somebody/else\ntrain: images/train\nval: images/val\nnames: [a, b]\n",
        "train: /content/drive/My Drive/set//images/train\nval: images/val\nnames: [a, b]\n",
        "train: C:\\Users\\me\\set\\images\\train\nval: images/val\nnames: [a, b]\n",
        "train: ../images/train\nval: ../images/val\nnames: [a, b]\n",
        "train: [images/train]\nval: images/val\nnames: [a, b]\n",
        "train: train.txt\nval: images/val\nnames: [a, b]\n",
    ],
)
def test_all_ways_to_write_the_same_split_read_the_same(tmp_path: Path, yaml: str) -> None:
    (tmp_path / "train.txt").write_text("./images/train/1.jpg\nimages/train/2.jpg\n\n")
    folder = read_folder(small(tmp_path, yaml.format(root=tmp_path)))
    assert train_names(folder) == ["1", "2"]


@pytest.mark.parametrize(
    ("names", "read"),
    [
        ("[no, yes]", ("no", "yes")),  # truth values to YAML
        ("{0: on, 1: off}", ("on", "off")),
        ("[007, 1e3]", ("007", "1e3")),  # numbers to YAML
        ("{0: a, '1': b}", ("a", "b")),
        ("[2024-05-01, ~]", ("2024-05-01", "~")),  # a day, and nothing
    ],
)
def test_names_are_words_whatever_yaml_takes_them_for(
    tmp_path: Path, names: str, read: tuple[str, ...]
) -> None:
    yaml = f"train: images/train\nval: images/val\nnc: '2'\nnames: {names}\n"
    assert read_folder(small(tmp_path, yaml)).classes == read


def test_a_path_of_another_machine_is_found_by_its_tail_and_said(tmp_path: Path) -> None:
    folder = read_folder(small(tmp_path, "train: /mnt/x/images/train\nval: images/val\nnames: [a, b]\n"))
    (line,) = [line for line in describe(folder) if "does not exist here" in line]
    assert "'/mnt/x/images/train'" in line and str(tmp_path / "images" / "train") in line


def test_chinese_and_emoji_paths_are_read(tmp_path: Path) -> None:
    root = tmp_path / "香烟 检测 🚬"
    assert train_names(read_folder(small(root))) == ["1", "2"]


@pytest.mark.parametrize("encoding", ["utf-8-sig", "gbk", "utf-16"])
def test_a_list_of_chinese_names_is_read_as_editors_write_it(tmp_path: Path, encoding: str) -> None:
    yaml = small(tmp_path, "train: 训练.txt\nval: images/val\nnames: [a, b]\n")
    write_image(tmp_path / "images/train/香烟.jpg")
    (tmp_path / "训练.txt").write_bytes("images/train/1.jpg\r\nimages/train/香烟.jpg\r\n".encode(encoding))
    assert train_names(read_folder(yaml)) == ["1", "香烟"]


def test_a_data_yaml_in_gbk_is_to_be_saved_as_utf_8(tmp_path: Path) -> None:
    yaml = small(tmp_path)
    yaml.write_bytes("train: images/train\nnames: [香烟, b]\n".encode("gbk"))
    with pytest.raises(TrainerError, match="is not YAML") as refused:
        read_folder(yaml)
    assert refused.value.cure == "save it as UTF-8"


def test_labels_replace_the_last_folder_called_images(tmp_path: Path) -> None:
    assert label_path(Path("/images/set/images/train/a.b.jpg")) == Path("/images/set/labels/train/a.b.txt")
    assert label_path(Path("/set/photos/a.jpg")) == Path("/set/photos/a.txt")
    assert label_path(Path("/set/images.jpg")) == Path("/set/images.txt")


@pytest.mark.parametrize(
    ("row", "reason"),
    [
        ("0 0.5 0.5 0.2", "4 values where 5 belong"),
        ("0 0.5 0.5 0.2 0.2 0.9 0.1 0.1", "8 values where 5 belong"),
        ("0 0.5 0.5 0.2 0.2 sure", "not all of it is numbers"),
        ("1 0.5 0.5 0.2 0.4 0.9", "the same row again"),
        ("0 0.5 nan 0.2 0.2", "not all of it is finite"),
        ("0 0.5 inf 0.2 0.2", "not all of it is finite"),
        ("dog 0.5 0.5 0.2 0.2", "not all of it is numbers"),
        ("2 0.5 0.5 0.2 0.2", "class 2 is not one of 0 to 1"),
        ("-1 0.5 0.5 0.2 0.2", "class -1"),
        ("0.5 0.5 0.5 0.2 0.2", "class 0.5"),
        ("0 0.5 0.5 0 0.2", "the box has no area"),
        ("0 0.5 0.5 -0.2 0.2", "the box has no area"),
        ("0 1.5 0.5 0.2 0.2", "no area inside the image"),
        ("0 320 240 50 60", "are they pixels?"),
        ("1 0.5 0.5 0.2 0.4", "the same row again"),
    ],
)
def test_a_bad_row_costs_itself_only(tmp_path: Path, row: str, reason: str) -> None:
    path = write_label(tmp_path / "a.txt", f"1 0.5 0.5 0.2 0.4\n\n{row}\n0 0.25 0.25 0.1 0.1\n")
    rows = read_labels(path, classes=2)
    assert rows.boxes[:, 0].tolist() == [1, 0]
    assert (rows.report.used, rows.report.refused, rows.report.clipped) == (2, 1, 0)
    (problem,) = rows.report.problems
    assert (problem.line, problem.verdict) == (3, "refused")
    assert reason in str(problem) and f"{path}:3" in str(problem) and row in str(problem)


def test_a_box_past_the_edge_is_clipped_and_counted(tmp_path: Path) -> None:
    # x from 0.8 to 1.2 becomes 0.8 to 1.0
    rows = read_labels(write_label(tmp_path / "a.txt", "0 1.0 0.5 0.4 0.5\n"), classes=1)
    assert rows.boxes[0].tolist() == pytest.approx([0, 0.9, 0.5, 0.2, 0.5])
    assert (rows.report.used, rows.report.clipped, rows.report.refused) == (1, 1, 0)


def test_a_label_file_without_image_is_told_once_however_many_lists_share_its_folder(tmp_path: Path) -> None:
    for name in "12":
        write_image(tmp_path / f"images/{name}.jpg")
        (tmp_path / f"{name}.txt").write_text(f"images/{name}.jpg\n")
    for name in "123":
        write_label(tmp_path / f"labels/{name}.txt", "0 0.5 0.5 0.2 0.4\n")
    (tmp_path / "data.yaml").write_text("train: 1.txt\nval: 2.txt\nnames: [a]\n")
    (problem,) = read_folder(tmp_path / "data.yaml").report.problems
    assert str(problem) == f"{tmp_path / 'labels/3.txt'}: refused: IMG001 no image belongs to it"
    assert problem.error


@pytest.mark.parametrize("suffix", [".JFIF", ".jpe", ".mpo"])
def test_a_jpeg_is_read_under_all_its_suffixes(tmp_path: Path, suffix: str) -> None:
    yaml = small(tmp_path)
    (tmp_path / "images/train/1.jpg").rename(tmp_path / f"images/train/1{suffix}")
    train = read_folder(yaml).splits["train"]
    assert [path.name for path in train.images] == [f"1{suffix}", "2.jpg"]
    assert not train.report.problems


def test_reports_of_many_images_come_together_in_their_order(tmp_path: Path) -> None:
    path = write_label(tmp_path / "a.txt", "0 1.0 0.5 0.4 0.5\n0 1.0 0.5 0.4 0.5\n0 0.5 0.5 0.2 0.2 0.9\n")
    one = read_labels(path, classes=1).report
    assert (one.used, one.clipped, one.refused, one.confidences) == (2, 1, 1, 1)
    many = FolderReport.together([one] * 3)
    assert (many.used, many.clipped, many.refused, many.confidences) == (6, 3, 3, 3)
    assert many.problems == one.problems * 3
    assert many == one + one + one
    assert FolderReport.together([]) == FolderReport()


def test_rounding_past_the_edge_is_no_defect(tmp_path: Path) -> None:
    rows = read_labels(write_label(tmp_path / "a.txt", "0 0.5 0.5 1.001 1.0\n"), classes=1)
    assert rows.boxes[0].tolist() == [0, 0.5, 0.5, 1, 1]
    assert rows.report.clipped == 0


def test_an_outline_becomes_the_box_around_it(tmp_path: Path) -> None:
    rows = read_labels(write_label(tmp_path / "a.txt", "0 0.1 0.2 0.5 0.2 0.3 0.6\n"), classes=1)
    assert rows.boxes[0].tolist() == pytest.approx([0, 0.3, 0.4, 0.4, 0.4])
    assert rows.report.polygons == 1


def test_keypoints_behind_a_box_are_left_aside_and_told(tmp_path: Path) -> None:
    """Two points of x and y: nine values, as an outline of four corners has, which only data.yaml tells."""
    yaml = small(tmp_path, "train: images/train\nval: images/val\nkpt_shape: [2, 2]\nnames: [a, b]\n")
    write_label(tmp_path / "labels/train/1.txt", "1 0.5 0.5 0.2 0.4 0.1 0.1 0.9 0.9\n")
    train = read_folder(yaml).splits["train"]
    assert train.labels[0][0].tolist() == pytest.approx([1, 0.5, 0.5, 0.2, 0.4])
    assert (train.report.used, train.report.keypoints, train.report.polygons) == (2, 1, 0)
    assert "1 with keypoints, which were left aside" in train.report.summary()


def test_seventeen_keypoints_of_three_values_do_not_cost_the_box(tmp_path: Path) -> None:
    path = write_label(tmp_path / "a.txt", "0 0.5 0.5 0.2 0.4" + " 0.5 0.5 2" * 17 + "\n")
    assert read_labels(path, 1).report.refused == 1
    rows = read_labels(path, 1, keypoints=17 * 3)
    assert (rows.report.used, rows.report.keypoints) == (1, 1)


def test_a_confidence_behind_a_box_is_left_aside_and_told(tmp_path: Path) -> None:
    rows = read_labels(write_label(tmp_path / "a.txt", "0 0.5 0.5 0.2 0.2 0.93\n"), classes=1)
    assert rows.boxes[0].tolist() == pytest.approx([0, 0.5, 0.5, 0.2, 0.2])
    assert (rows.report.used, rows.report.refused, rows.report.confidences) == (1, 0, 1)
    assert (rows.report + rows.report).confidences == 2
    assert "1 with a sixth value, taken for a confidence" in rows.report.summary()


def test_a_byte_order_mark_and_foreign_bytes_spoil_no_other_row(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"\xef\xbb\xbf0 0.5 0.5 0.2 0.2\r\n\xcf\xe3\xd1\xcc 0.5 0.5 0.2 0.2\r\n")
    rows = read_labels(path, classes=1)
    assert (rows.report.used, rows.report.refused) == (1, 1)


def test_background_images_are_kept_and_counted(tmp_path: Path) -> None:
    yaml = small(tmp_path)
    write_image(tmp_path / "images/train/empty.png")
    write_label(tmp_path / "labels/train/empty.txt", "\n")
    write_image(tmp_path / "images/train/missing.png")
    train = read_folder(yaml).split("train")
    assert train is not None
    assert len(train) == 4
    assert (train.report.backgrounds, train.report.missing_label_files) == (2, 1)
    assert "2 backgrounds, 1 without label file" in train.report.summary()


def test_a_link_to_an_image_that_is_gone_is_left_out_and_said(tmp_path: Path) -> None:
    yaml = small(tmp_path)
    (tmp_path / "images" / "train" / "gone.jpg").symlink_to(tmp_path / "unmounted" / "gone.jpg")
    report = read_folder(yaml).report
    assert report.unreadable_images == 1
    assert "gone.jpg: image refused: IMG004 No such file" in str(report.problems[0])


def test_a_broken_image_is_left_out_and_said(tmp_path: Path) -> None:
    yaml = small(tmp_path)
    (tmp_path / "images/train/broken.jpg").write_bytes(b"\xff\xd8 not much of a photograph")
    (tmp_path / "images/train/empty.jpg").write_bytes(b"")
    folder = read_folder(yaml)
    assert train_names(folder) == ["1", "2"]
    assert folder.report.unreadable_images == 2
    assert [problem.verdict for problem in folder.report.problems] == ["image refused"] * 2


@pytest.mark.parametrize(
    ("yaml", "told"),
    [
        ("train: images/train\nnames: []\n", "names no classes"),
        ("train: images/train\n", "names no classes"),
        ("train: images/train\nnames: {0: a, 2: b}\n", "numbered 0, 2"),
        ("train: images/train\nnames: {0: a, one: b}\n", "numbered 0, one"),
        ("train: images/train\nnames: [a, b, a]\n", "'a' is the name of several classes"),
        ("train: images/train\nnames: [a]\nnc: 3\n", "nc is 3 but 1 classes are named"),
        ("train: images/nowhere\nnames: [a, b]\n", "the train split 'images/nowhere' does not exist"),
        ("train: images/train\nval: images/nope\nnames: [a, b]\n", "the val split 'images/nope'"),
        ("val: images/val\nnames: [a, b]\n", "no train split"),
        ("train: images/train\nnames: [a]\nkpt_shape: 17\n", "kpt_shape is 17"),
        ("train: [images\n", "is not YAML"),
        ("just words\n", "holds no keys"),
        ("train: labels\nnames: [a, b]\n", "has no images"),
        ("train: images/train/1.jpg\nnames: [a, b]\n", "the train split is no list of images"),
        ("train: list.txt\nnames: [a, b]\n", "list.txt:1: the train image 'gone.jpg' does not exist"),
    ],
)
def test_a_folder_that_cannot_be_trained_on_is_refused(tmp_path: Path, yaml: str, told: str) -> None:
    (tmp_path / "list.txt").write_text("gone.jpg\n")
    with pytest.raises(TrainerError, match=told) as caught:
        read_folder(small(tmp_path, yaml))
    assert caught.value.cure


def test_a_train_split_without_any_label_says_where_labels_belong(tmp_path: Path) -> None:
    yaml = small(tmp_path)
    for path in (tmp_path / "labels/train").iterdir():
        path.unlink()
    with pytest.raises(TrainerError, match=r"none of the 2 training images.*labels.train.1\.txt"):
        read_folder(yaml)


def test_a_missing_or_wrong_data_yaml_names_its_cure(tmp_path: Path) -> None:
    with pytest.raises(TrainerError, match=r"curate export"):
        read_folder(tmp_path / "data.yaml")
    with pytest.raises(TrainerError, match=r"is a folder; name its data\.yaml"):
        read_folder(tmp_path)


def test_dataset_json_brings_anchors(tmp_path: Path) -> None:
    yaml = small(tmp_path)
    content = {"schema": 1, "classes": ["a", "b"], "anchors": [[10, 20], [30, 40]], "anchors_imgsz": 640}
    (tmp_path / "dataset.json").write_text(json.dumps(content))
    folder = read_folder(yaml)
    assert folder.anchors == [(10, 20), (30, 40)]
    assert folder.anchors_imgsz == 640


@pytest.mark.parametrize(
    ("content", "told"),
    [
        ("{", "is not JSON"),
        ('{"schema": 2}', "unknown schema"),
        ('{"schema": 1, "classes": ["b", "a"]}', "different classes"),
        ('{"schema": 1, "anchors": [1, 2], "anchors_imgsz": 640}', "no pairs"),
        ('{"schema": 1, "anchors": [[1, 2]]}', "no pairs"),
        ('{"schema": 1, "anchors": [[1, 2]], "anchors_imgsz": 1e999}', "no pairs"),
        ('{"schema": 1, "anchors": [[1, 0]], "anchors_imgsz": 640}', "anchors without a size"),
        ('{"schema": 1, "anchors": [[NaN, 2]], "anchors_imgsz": 640}', "anchors without a size"),
        ('{"schema": 1, "anchors": [[1, 1e999]], "anchors_imgsz": 640}', "anchors without a size"),
    ],
)
def test_a_dataset_json_that_contradicts_is_refused(tmp_path: Path, content: str, told: str) -> None:
    yaml = small(tmp_path)
    (tmp_path / "dataset.json").write_text(content)
    with pytest.raises(TrainerError, match=told):
        read_folder(yaml)


def test_box_sizes_are_those_at_the_training_size(tmp_path: Path) -> None:
    train = read_folder(small(tmp_path)).split("train")
    assert train is not None
    # 40 x 30 pixels brought to 80 x 60: 0.2 and 0.4 of that are 16 and 24
    assert train.box_sizes(80).tolist() == [pytest.approx([16, 24])] * 2


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".bmp", ".webp"])
def test_the_size_is_read_from_any_format_whatever_its_name(tmp_path: Path, suffix: str) -> None:
    path = write_image(tmp_path / f"a{suffix}", 37, 21)
    assert image_size(path) == (37, 21)
    assert read_image(path).shape == (21, 37, 3)
    disguised = path.rename(tmp_path / "b.jpg")
    assert image_size(disguised) == (37, 21)


def test_an_image_that_is_none_is_a_fact_not_a_crash(tmp_path: Path) -> None:
    for name, content in (("text", b"hello"), ("empty", b""), ("cut", b"\xff\xd8\xff\xc0\x00\x11\x08")):
        path = tmp_path / name
        path.write_bytes(content)
        with pytest.raises(UnreadableImageError, match=name):
            image_size(path)
    with pytest.raises(UnreadableImageError, match="absent"):
        read_image(tmp_path / "absent")


def test_orientation_tags_are_ignored(shared_data: Path) -> None:
    for path in sorted((shared_data / "exif_orientation").glob("*.jpg")):
        width, height = image_size(path)
        assert read_image(path).shape[:2] == (height, width), path.name


def test_real_folders_of_other_tools_are_read(shared_data: Path) -> None:
    folder = read_folder(shared_data / "hands_gesture_yolo" / "data.yaml")
    assert {name: len(split) for name, split in folder.splits.items()} == {
        "train": 587,
        "val": 167,
        "test": 85,
    }
    assert len(folder.notes) == 3


def test_a_folder_with_a_test_split_alone_can_be_judged_but_not_trained_on(tmp_path: Path) -> None:
    images, labels = tmp_path / "images" / "test", tmp_path / "labels" / "test"
    images.mkdir(parents=True)
    labels.mkdir(parents=True)
    pixels = np.zeros((8, 8, 3), np.uint8)
    (images / "手.png").write_bytes(cv2.imencode(".png", pixels)[1].tobytes())
    (labels / "手.txt").write_text("0 0.5 0.5 0.5 0.5\n")
    data = tmp_path / "data.yaml"
    data.write_text("test: images/test\nnames: [hand]\n")
    split = read_folder(data, to_train=False).split("test")
    assert split is not None
    assert len(split) == 1
    with pytest.raises(TrainerError, match="no train split"):
        read_folder(data)


def test_the_part_to_show_is_spread_over_the_images_with_boxes() -> None:
    box, none = np.zeros((1, 5), np.float32), np.zeros((0, 5), np.float32)
    labels = [none, box, box, none, box, box]
    split = Split("val", [Path(str(i)) for i in range(6)], labels, np.ones((6, 2), np.int64), FolderReport())
    places, part = split.part(2)
    assert places == [1, 5]
    assert [image.name for image in part.images] == ["1", "5"]
