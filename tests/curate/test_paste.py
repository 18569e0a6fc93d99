"""Pasting from folder to folder: what is written, what is refused, and that it is always the same."""

from __future__ import annotations

import hashlib
import json
import shutil
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from curate.commands.paste import run, sheet
from curate.engine.local import map_shards
from curate.errors import CurateError, OutputExists
from curate.formats.discover import open_dataset
from curate.formats.images import decode_pixels
from curate.formats.voc import VocAnnotation, VocObject, write
from curate.paste.targets import folded, free_hosts, held_pairs, match_classes, targets
from tests.curate.drawn_hands import BOX, drawn_hand
from tests.curate.test_cutouts import stick


def labelled(root: Path, stem: str, image: np.ndarray, objects: list[VocObject]) -> None:
    for folder in ("JPEGImages", "Annotations"):
        (root / folder).mkdir(parents=True, exist_ok=True)
    encoded = cv2.imencode(".png", np.ascontiguousarray(image[..., ::-1]))[1]
    (root / "JPEGImages" / f"{stem}.png").write_bytes(encoded.tobytes())
    height, width = image.shape[:2]
    annotation = VocAnnotation("JPEGImages", f"{stem}.png", width, height, objects=objects)
    (root / "Annotations" / f"{stem}.xml").write_bytes(write(annotation))


def hand_picture(shift: int) -> np.ndarray:
    return np.roll(drawn_hand(), shift, axis=1)


def hand_box(shift: int) -> tuple[float, float, float, float]:
    return (BOX[0] + shift, BOX[1], BOX[2] + shift, BOX[3])


@pytest.fixture
def hands(tmp_path: Path) -> Path:
    root = tmp_path / "手 hands"
    for i, shift in enumerate((0, 20, -20)):
        labelled(root, f"手{i}", hand_picture(shift), [VocObject("Left Hand", hand_box(shift))])
    return root


@pytest.fixture
def smokes(tmp_path: Path) -> Path:
    root = tmp_path / "smokes"
    for i, angle in enumerate((0.0, 0.5, -0.8)):
        image, box = stick(angle)
        labelled(root, str(i), image, [VocObject("smoke", box)])
    return root


def manifest(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "manifest.jsonl").read_text("utf-8").splitlines()]


def test_new_images_carry_the_old_labels_and_the_new_object(
    hands: Path, smokes: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    result = run(
        hands,
        onto=["hands"],
        name="smoke",
        source=smokes,
        rename="cigarette",
        mapping={"Left Hand": "hand"},
        count=5,
        out=out,
    )
    assert result.made == 5
    assert result.hosts == ("Left Hand",)
    dataset = open_dataset(out)
    assert dataset.images.height == 5
    assert dataset.images["synthetic"].to_list() == [True] * 5
    by_image = dataset.objects.group_by("image_id", maintain_order=True).agg("name")["name"].to_list()
    assert by_image == [["hand", "cigarette"]] * 5
    assert (out / "classes.txt").read_text() == "hand\ncigarette\n"


def test_the_box_is_around_what_changed(hands: Path, smokes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(hands, onto=["hands"], name="smoke", source=smokes, count=3, out=out)
    for row in manifest(out):
        before = decode_pixels((hands / str(row["target"])).read_bytes())
        after = decode_pixels((out / "JPEGImages" / str(row["image"])).read_bytes())
        assert before is not None
        assert after is not None
        change = np.abs(before.astype(int) - after.astype(int)).max(axis=2) > 60
        rows, columns = np.nonzero(change)
        x0, y0, x1, y1 = row["box"]
        # strong changes lie inside the box, give or take the soft rim, and reach all its sides nearly
        assert columns.min() >= x0 - 2
        assert columns.max() < x1 + 2
        assert rows.min() >= y0 - 2
        assert rows.max() < y1 + 2
        assert columns.max() - columns.min() > 0.7 * (x1 - x0)


def test_every_number_of_workers_writes_the_same_bytes(
    hands: Path, smokes: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = []
    for workers in (1, 2):
        out = tmp_path / f"out{workers}"
        if workers == 2:  # so few images would not use the pool of their own accord

            def pooled(function: Any, items: Any, **options: Any) -> Any:
                return map_shards(function, items, **{**options, "shard": 1, "in_process_below": 0})

            monkeypatch.setattr("curate.commands.paste.map_shards", pooled)
        run(hands, onto=["hands"], name="smoke", source=smokes, count=5, seed=3, out=out, workers=workers)
        files = sorted(p for p in out.rglob("*") if p.is_file())
        found.append([(p.relative_to(out), hashlib.sha256(p.read_bytes()).hexdigest()) for p in files])
    assert found[0] == found[1]


def test_another_seed_makes_other_pictures(hands: Path, smokes: Path, tmp_path: Path) -> None:
    rows = []
    for seed in (1, 2):
        run(hands, onto=["hands"], name="smoke", source=smokes, count=3, seed=seed, out=tmp_path / str(seed))
        rows.append([row["box"] for row in manifest(tmp_path / str(seed))])
    assert rows[0] != rows[1]


def test_provenance_names_the_source_of_every_pixel(hands: Path, smokes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(hands, onto=["hands"], name="smoke", source=smokes, count=3, seed=9, out=out)
    for row in manifest(out):
        assert (hands / str(row["target"])).is_file()
        assert (smokes / row["cutout"]["image"]).is_file()
        assert row["seed"] == 9
        assert {"x", "y", "angle", "flip", "length"} <= set(row["placement"])
        xml = (out / "Annotations" / f"{Path(str(row['image'])).stem}.xml").read_text("utf-8")
        assert "<database>curate paste</database>" in xml


def test_the_sources_are_only_read(hands: Path, smokes: Path, tmp_path: Path) -> None:
    def state() -> dict[Path, bytes]:
        return {p: p.read_bytes() for root in (hands, smokes) for p in root.rglob("*") if p.is_file()}

    before = state()
    run(hands, onto=["hands"], name="smoke", source=smokes, count=2, out=tmp_path / "out")
    assert state() == before


def test_fewer_than_asked_is_said(hands: Path, smokes: Path, tmp_path: Path) -> None:
    result = run(hands, onto=["hands"], name="smoke", source=smokes, count=500, out=tmp_path / "out")
    assert 0 < result.made < 500
    assert any(f"only {result.made} of 500" in note for note in result.notes)


def test_a_sheet_is_no_image_of_the_new_data_set(hands: Path, smokes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    run(hands, onto=["hands"], name="smoke", source=smokes, count=3, out=out)
    picture = decode_pixels(sheet(out, 2).read_bytes())
    assert picture is not None
    assert picture.shape[1] == 8 * 264, "four pairs a row, each the whole and the hand"
    assert open_dataset(out).images.height == 3


def test_a_sheet_of_an_unfinished_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CurateError, match=r"manifest\.jsonl"):
        sheet(tmp_path)


def test_an_unknown_host_lists_the_classes_there_are(hands: Path, smokes: Path, tmp_path: Path) -> None:
    with pytest.raises(CurateError, match="'Left Hand'"):
        run(hands, onto=["foot"], name="smoke", source=smokes, count=1, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unknown_object_lists_the_classes_there_are(hands: Path, smokes: Path, tmp_path: Path) -> None:
    with pytest.raises(CurateError, match="'smoke'"):
        run(hands, onto=["hands"], name="pen", source=smokes, count=1, out=tmp_path / "out")


def test_nothing_is_overwritten(hands: Path, smokes: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    out.mkdir()
    (out / "mine.txt").write_text("x")
    with pytest.raises(OutputExists):
        run(hands, onto=["hands"], name="smoke", source=smokes, count=1, out=out)
    assert [p.name for p in out.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(("count", "quality"), [(0, 95), (-1, 95), (1, 0), (1, 101)])
def test_numbers_that_cannot_be_are_refused(
    hands: Path, smokes: Path, tmp_path: Path, count: int, quality: int
) -> None:
    with pytest.raises(CurateError):
        run(
            hands,
            onto=["hands"],
            name="smoke",
            source=smokes,
            count=count,
            quality=quality,
            out=tmp_path / "out",
        )


def test_boxes_that_give_no_cutout_say_why(hands: Path, tmp_path: Path) -> None:
    blank = tmp_path / "blank"
    labelled(blank, "a", np.full((100, 100, 3), 90, np.uint8), [VocObject("smoke", (10, 40, 90, 50))])
    with pytest.raises(CurateError, match="1 no clear edge"):
        run(hands, onto=["hands"], name="smoke", source=blank, count=1, out=tmp_path / "out")


# --- which images and hosts are used ---------------------------------------------------------------


@pytest.mark.parametrize(
    "name", ["hand", "Hands", "LEFT_HAND", "right hand", "\uff28and", "手", "左手", "fist"]
)
def test_hands_are_found_by_all_their_names(name: str) -> None:
    assert match_classes([name, "phone"], ["hands"]) == (name,)


def test_no_hand_is_taken_for_one() -> None:
    with pytest.raises(CurateError):
        match_classes(["handle", "handbag", "chopstick"], ["hands"])


def test_a_class_is_named_regardless_of_case_blanks_and_width() -> None:
    assert folded("No-\uff30hone ") == folded("no phone")
    assert match_classes(["no-phone", "reading"], ["No Phone"]) == ("no-phone",)


def test_only_training_images_are_used_where_there_are_lists(hands: Path) -> None:
    (hands / "ImageSets" / "Main").mkdir(parents=True)
    (hands / "ImageSets" / "Main" / "train.txt").write_text("手0\n", encoding="utf-8")
    (hands / "ImageSets" / "Main" / "test.txt").write_text("手1\n手2\n", encoding="utf-8")
    found, left = targets(open_dataset(hands))
    assert [t.stem for t in found] == ["手0"]
    assert left == {"not in the training split": 2}


def test_an_image_with_a_label_that_cannot_be_read_is_left_aside(hands: Path) -> None:
    # an object whose box is unknown would be an unlabelled object in the new image
    text = (hands / "Annotations" / "手1.xml").read_text("utf-8")
    (hands / "Annotations" / "手1.xml").write_text(text.replace("<xmin>", "<xmin>about "), "utf-8")
    found, left = targets(open_dataset(hands))
    assert [t.stem for t in found] == ["手0", "手2"]
    assert sum(left.values()) == 1


def test_a_hand_that_holds_something_labelled_is_not_free(tmp_path: Path) -> None:
    objects = [
        VocObject("hand", (10, 10, 60, 60)),
        VocObject("hand", (100, 10, 150, 60)),
        # a third of the pen lies in the second hand
        VocObject("pen", (140, 30, 170, 36)),
    ]
    labelled(tmp_path, "a", np.zeros((100, 200, 3), np.uint8), objects)
    found, _ = targets(open_dataset(tmp_path))
    assert [host.object for host in free_hosts(found[0], ["hand"])] == [1]


def test_pairs_of_host_and_object_are_measured(tmp_path: Path) -> None:
    objects = [VocObject("hand", (10, 10, 50, 100)), VocObject("cigarette", (40, 50, 70, 60))]
    labelled(tmp_path, "a", np.zeros((200, 200, 3), np.uint8), objects)
    found, _ = targets(open_dataset(tmp_path))
    # long side 30; size sqrt(40 * 90) = 60; centres (30, 55) and (55, 55) are 25 apart
    assert held_pairs(found, ["hand"], "cigarette") == [(30, 60, 25)]


def test_an_object_far_from_every_hand_is_no_pair(tmp_path: Path) -> None:
    objects = [VocObject("hand", (10, 10, 50, 100)), VocObject("cigarette", (140, 50, 170, 60))]
    labelled(tmp_path, "a", np.zeros((200, 200, 3), np.uint8), objects)
    found, _ = targets(open_dataset(tmp_path))
    assert held_pairs(found, ["hand"], "cigarette") == []


def test_real_hands_get_real_cigarettes(shared_data: Path, tmp_path: Path) -> None:
    hands, smokes = tmp_path / "hands", tmp_path / "smokes"
    for kind, folder, stems in (
        (hands, "hands_phone_voc/Annotations", ("empty_38", "empty_75", "empty_142", "empty_22")),
        (hands, "hands_phone_voc/Images", ("empty_38", "empty_75", "empty_142", "empty_22")),
        (smokes, "cigarettes_yolo/labels", ("smoke39", "smoke9", "smoke70", "smoke10", "smoke4")),
        (smokes, "cigarettes_yolo/images", ("smoke39", "smoke9", "smoke70", "smoke10", "smoke4")),
    ):
        (kind / Path(folder).name).mkdir(parents=True)
        for file in sorted((shared_data / folder).iterdir()):
            if file.stem in stems:
                shutil.copy(file, kind / Path(folder).name)
    shutil.copy(shared_data / "cigarettes_yolo" / "classes.txt", smokes)
    result = run(
        hands,
        onto=["no-phone"],
        name="smoke",
        source=smokes,
        rename="cigarette",
        count=4,
        out=tmp_path / "out",
        workers=1,
    )
    assert result.made == 4
    assert result.boxes == 6, "one of the photographs shows two"
    assert 4 <= result.cutouts <= 5, "that of smoke4 is a few pixels thick"
    dataset = open_dataset(tmp_path / "out")
    assert dataset.objects.filter(dataset.objects["name"] == "cigarette").height == 4
