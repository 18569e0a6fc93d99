"""Data with errors that `curate validate` names are refused unless told otherwise, and put on record."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from curate.cli import app as curate
from tests.trainer.test_fit import config
from trainer.console import Talk
from trainer.data.folder import Folder, read_folder
from trainer.data.labels import read_labels
from trainer.data.ledger import as_json, ledger
from trainer.errors import TrainerError
from trainer.fit import fit
from trainer.prepare import read_aloud

GOOD = "0 0.5 0.5 0.4 0.4"
ROWS = {  # of images of 80 x 60
    "good": GOOD,
    "short": "0 0.5 0.5 0.2",
    "nan": "0 0.5 nan 0.2 0.2",
    "dog": "dog 0.5 0.5 0.2 0.2",
    "class 2": "2 0.5 0.5 0.2 0.2",
    "class -1": "-1 0.5 0.5 0.2 0.2",
    "half a class": "0.5 0.5 0.5 0.2 0.2",
    "flat": "0 0.5 0.5 0 0.2",
    "turned": "0 0.5 0.5 -0.2 0.2",
    "outside": "0 1.5 0.5 0.2 0.2",
    "pixels": "0 320 240 50 60",
    "twice": f"{GOOD}\n{GOOD}",
    "far over the edge": "0 1.0 0.5 0.4 0.5",  # 16 px
    "two pixels over the edge": "0 0.5 0.5 1.04 0.5",  # 1.6 px on either side
    "outline": "0 0.1 0.2 0.5 0.2 0.3 0.6",
    "outline over the edge": "0 0.1 0.2 1.5 0.2 0.3 0.6",
}


def write(root: Path, rows: dict[str, str], split: str = "train") -> None:
    for number, (name, text) in enumerate(rows.items()):
        image = np.random.default_rng([number, len(split)]).integers(0, 255, (60, 80, 3), dtype=np.uint8)
        done, encoded = cv2.imencode(".png", image)
        assert done
        for folder, suffix, content in (
            ("images", "png", encoded.tobytes()),
            ("labels", "txt", f"{text}\n".encode()),
        ):
            path = root / folder / split / f"{name}.{suffix}"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(content)


def cut_short(root: Path) -> None:
    """Pictures that end too early, and some that only look so."""
    pixels = np.random.default_rng(0).integers(0, 255, (60, 80, 3), dtype=np.uint8)
    jpeg = cv2.imencode(".jpg", pixels)[1].tobytes()
    progressive = cv2.imencode(".jpg", pixels, [cv2.IMWRITE_JPEG_PROGRESSIVE, 1])[1].tobytes()
    png = cv2.imencode(".png", pixels)[1].tobytes()
    for name, content in {
        "half a jpeg.jpg": jpeg[: len(jpeg) // 2],
        "half a progressive jpeg.jpg": progressive[: len(progressive) // 2],
        "half a png.png": png[: len(png) // 2],
        "without its mark alone.jpg": jpeg[:-2],  # every pixel is there: a warning
        "with zeros behind it.jpg": jpeg + bytes(100),
        "with a film behind it.jpg": jpeg + b"ftypmp42" * 20_000,
    }.items():
        (root / "images/train" / name).write_bytes(content)
        (root / "labels/train" / name).with_suffix(".txt").write_text(GOOD)


def described(root: Path, text: str = "train: images/train\nnames: [a, b]\n") -> Path:
    (root / "data.yaml").write_text(text, encoding="utf-8")
    return root / "data.yaml"


def errors_of(folder: Folder) -> set[tuple[str, str]]:
    return {(problem.path.stem, problem.rule) for problem in folder.report.errors}


@pytest.fixture
def clean(tmp_path: Path) -> Path:
    """data.yaml of three images to train and one to validate, nothing wrong with them."""
    root = tmp_path / "干净 set"
    write(root, dict.fromkeys("abc", GOOD))
    write(root, {"d": GOOD}, "val")
    return described(root, "train: images/train\nval: images/val\nnames: [square, other]\n")


def test_what_is_an_error_here_is_one_there_under_the_same_name(tmp_path: Path) -> None:
    """Row by row against `curate validate`, which calls a few of them by two names."""
    write(tmp_path, ROWS)
    (tmp_path / "images/train/broken.jpg").write_bytes(b"\xff\xd8 not much of a photograph")
    (tmp_path / "labels/train/broken.txt").write_text(GOOD)
    cut_short(tmp_path)
    (tmp_path / "labels/train/lost.txt").write_text(GOOD)
    (tmp_path / "labels/train/classes.txt").write_text("a\nb\n")
    (tmp_path / "images/train/phone.heic").write_bytes(b"\0\0\0\x18ftypheic" + bytes(100))
    (tmp_path / "labels/train/phone.txt").write_text(GOOD)
    yaml = described(tmp_path)
    told = CliRunner().invoke(curate, ["validate", str(tmp_path), "--output-format", "json"])
    theirs = {
        (Path(finding["path"]).stem, finding["code"])
        for finding in json.loads(told.stdout)["findings"]
        if finding["severity"] == "error"
    }
    ours = errors_of(read_folder(yaml))
    assert {name for name, _ in ours} == {name for name, _ in theirs}
    assert ours <= theirs | {("dog", "BOX005")}
    assert {name for name, rule in ours if rule == "IMG003"} == {
        "half a jpeg",
        "half a progressive jpeg",
        "half a png",
    }


@pytest.mark.parametrize(
    ("width", "error"),
    # 1.04 of the width is 0.02 beyond either edge: 1.6 px of 80, 4 px of 200
    [(80, False), (200, True)],
)
def test_a_box_a_hair_past_the_edge_is_a_warning(tmp_path: Path, width: int, error: bool) -> None:
    (tmp_path / "a.txt").write_text("0 0.5 0.5 1.04 0.5\n")
    (problem,) = read_labels(tmp_path / "a.txt", 1, (width, 60)).report.problems
    assert (problem.verdict, problem.rule, problem.error) == ("clipped", "BOX002", error)


def test_a_box_some_pixels_past_the_edge_of_a_large_image_is_told_however_small_its_share(
    tmp_path: Path,
) -> None:
    # 0.0008 of 4000 px are 3.2 px, on either side half of that; 0.0016 are 3.2 on either side
    (tmp_path / "a.txt").write_text("0 0.5 0.5 1.0008 0.5\n1 0.5 0.5 1.0016 0.5\n")
    (problem,) = read_labels(tmp_path / "a.txt", 2, (4000, 60)).report.problems
    assert problem.line == 2 and problem.error


def test_fit_refuses_data_with_errors_and_leaves_nothing(
    clean: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    write(clean.parent, {"b": f"{GOOD}\n7 0.5 0.5 0.1 0.1\n0 0.5 0.5 0 0", "c": f"{GOOD}\n{GOOD}"})
    with pytest.raises(TrainerError) as refused:
        fit(config(clean, tmp_path / "run", steps=1))
    assert "2 errors in the data; the first is" in str(refused.value)
    assert "b.txt:2: refused: CLS001 class 7 is not one of 0 to 1" in str(refused.value)
    assert f"curate validate '{clean.parent}'" in refused.value.cure
    assert "--allow-errors" in refused.value.cure
    assert not (tmp_path / "run").exists()
    said = capfd.readouterr().err.splitlines()
    # errors are told before warnings, though c comes after b in any case
    told = [line for line in said if "refused:" in line]
    assert [("the same row again" in line) for line in told] == [False, False, True]


def test_with_allow_errors_it_trains_and_writes_what_became_of_every_row(clean: Path, tmp_path: Path) -> None:
    write(clean.parent, {"b": f"{GOOD}\n7 0.5 0.5 0.1 0.1\n0 1.0 0.5 0.4 0.5"})
    run = fit(config(clean, tmp_path / "run", steps=1, allow_errors=True)).run
    content = json.loads((run / "data.json").read_text(encoding="utf-8"))
    assert (content["errors"], content["errors_allowed"]) == (2, True)
    train = content["splits"]["train"]
    assert (train["images"], train["used"], train["clipped"], train["refused"]) == (3, 4, 1, 1)
    assert content["problems"][0] == {
        "split": "train",
        "path": "labels/train/b.txt",
        "line": 2,
        "text": "7 0.5 0.5 0.1 0.1",
        "verdict": "refused",
        "rule": "CLS001",
        "error": True,
        "why": "class 7 is not one of 0 to 1",
    }
    assert [problem["verdict"] for problem in content["problems"]] == ["refused", "clipped"]


def test_warnings_do_not_stop_a_run(clean: Path, tmp_path: Path) -> None:
    write(clean.parent, {"b": f"{GOOD}\n{GOOD}", "c": ""})
    (clean.parent / "labels/train/a.txt").unlink()
    with Talk(silent=True) as talk:
        folder = read_aloud(config(clean, tmp_path / "run"), talk)
    assert folder.report.errors == () and folder.report.refused == 1


def test_a_resumed_run_may_allow_errors_that_came_later(clean: Path, tmp_path: Path) -> None:
    asked = config(clean, tmp_path / "run", steps=2)
    fit(asked)
    write(clean.parent, {"c": "7 0.5 0.5 0.1 0.1"})
    with pytest.raises(TrainerError, match="1 error in the data"):
        fit(asked, resume=True)
    allowed = config(clean, tmp_path / "run", steps=2, allow_errors=True)
    assert fit(allowed, resume=True).steps == 2


def test_an_image_in_two_splits_is_an_error(clean: Path) -> None:
    (clean.parent / "val.txt").write_text("images/train/a.png\nimages/val/d.png\n")
    described(clean.parent, "train: images/train\nval: val.txt\nnames: [a, b]\n")
    (problem,) = read_folder(clean).report.errors
    assert (problem.path.name, problem.rule) == ("a.png", "SET003")
    assert "in train, too: SET003 val has the same file" in str(problem)


def test_a_copy_in_two_splits_is_an_error(clean: Path) -> None:
    root = clean.parent
    copied = (root / "images/train/b.png").read_bytes()
    for name, content in {
        "again": copied,
        "one bit else": copied[:40] + bytes([copied[40] ^ 1]) + copied[41:],  # same length, same tail
        "longer": copied + b"\0",
    }.items():
        (root / "images/val" / f"{name}.png").write_bytes(content)
    (root / "images/train/twin.png").write_bytes((root / "images/train/a.png").read_bytes())  # in one split
    (problem,) = read_folder(clean).report.errors
    assert (problem.path.name, problem.rule, problem.verdict) == ("again.png", "SET005", "in train, too")
    assert problem.reason == f"val has the same bytes as {root / 'images/train/b.png'}"
    with Talk(silent=True) as talk, pytest.raises(TrainerError, match=r"1 error in the data.*SET005"):
        read_aloud(config(clean, root / "run"), talk)


def test_a_copy_between_val_and_test_is_told_of_test(clean: Path) -> None:
    write(clean.parent, {"e": GOOD}, "test")
    (clean.parent / "images/test/f.png").write_bytes((clean.parent / "images/val/d.png").read_bytes())
    described(clean.parent, "train: images/train\nval: images/val\ntest: images/test\nnames: [a, b]\n")
    (problem,) = read_folder(clean).report.errors
    assert (problem.path.name, problem.verdict) == ("f.png", "in val, too")


def test_a_split_that_is_another_one_was_meant_to_be(clean: Path) -> None:
    described(clean.parent, "train: images/train\nval: images/train\nnames: [a, b]\n")
    folder = read_folder(clean)
    assert folder.report.errors == ()
    assert "val is train, image for image: it judges what was taught" in folder.notes


# what dataset.json says


def exported(clean: Path, **content: object) -> Folder:
    said = {"schema": 1, "classes": ["square", "other"], **content}
    (clean.parent / "dataset.json").write_text(json.dumps(said), encoding="utf-8")
    return read_folder(clean)


def test_what_was_not_exported_is_told_and_kept_on_record(clean: Path) -> None:
    dropped = [
        {"path": "照片/a.jpg", "line": None, "object": None, "why": "no annotation"},
        {"path": "照片/b.jpg", "line": 3, "object": 0, "why": "a line"},
        {"path": "照片/c.jpg", "line": 4, "object": 1, "why": "a line"},
    ]
    folder = exported(clean, dropped=dropped)
    assert folder.notes == (
        "dataset.json: not exported were images: 1, single objects: 2 (2 x a line; 1 x no annotation)",
    )
    assert json.loads(as_json(ledger(folder, allowed=False)))["not_exported"] == dropped


def test_a_folder_that_lost_images_since_its_export_says_so(clean: Path) -> None:
    counts = {"train": {"images": 5, "boxes": 3}, "val": {"images": 1}, "test": {"images": 9}}
    folder = exported(clean, counts=counts)
    assert folder.notes == ("dataset.json: 5 images were exported to train, 3 are read",)


@pytest.mark.parametrize(
    "content", [{"counts": [3]}, {"counts": {"train": 3}}, {"dropped": [1]}, {"dropped": 7}]
)
def test_a_broken_dataset_json_is_told_with_its_cure(clean: Path, content: dict[str, object]) -> None:
    with pytest.raises(TrainerError, match="export the folder again"):
        exported(clean, **content)


def test_a_file_name_in_no_encoding_is_kept_as_an_escape() -> None:
    written = as_json({"path": "a\udcff.txt"})
    assert json.loads(written) == {"path": "a\udcff.txt"}
