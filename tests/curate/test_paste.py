"""Pasting from folder to folder: what is written, what is refused, and that it is always the same."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import polars as pl
import pytest

from curate.cli.paste import _whole
from curate.commands.cutouts import run as cut_out
from curate.commands.paste import run
from curate.commands.paste_report import as_object, describe, sheet
from curate.engine.local import map_shards
from curate.errors import CurateError, OutputExists
from curate.formats.discover import open_dataset
from curate.formats.images import decode_pixels
from curate.formats.voc import VocAnnotation, VocObject, write
from curate.geometry import displayed, opposite
from curate.paste.cutouts import GOOD, supply
from curate.paste.provenance import lineage, read
from curate.paste.targets import free, targets
from curate.tree import Tree
from tests.curate.drawn_hands import BOX, drawn_hand
from tests.curate.sets import put, turned
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
    return read(out).rows(named=True)


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


@pytest.mark.parametrize("orientation", [3, 6, 8])
def test_into_a_photograph_that_exif_turns_things_are_pasted_as_it_is_displayed(
    smokes: Path, tmp_path: Path, orientation: int
) -> None:
    upright, lying = tmp_path / "upright", tmp_path / "lying"
    shown = hand_picture(0)
    height, width = shown.shape[:2]
    assert height != width
    text = f"0 {0.5 * (BOX[0] + BOX[2]) / width} {0.5 * (BOX[1] + BOX[3]) / height}"
    text += f" {(BOX[2] - BOX[0]) / width} {(BOX[3] - BOX[1]) / height}\n"
    stored = displayed(shown, opposite(orientation))
    for root, pixels, tag in ((upright, shown, 1), (lying, stored, orientation)):
        jpeg = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 100])[1].tobytes()
        put(root / "images" / "手.jpg", turned(jpeg, tag))
        put(root / "labels" / "手.txt", text)
        put(root / "data.yaml", "train: images\nnames: [hand]\n")
        run(root, onto=["hands"], name="smoke", source=smokes, count=1, out=tmp_path / f"{root.name} out")
    one, other = manifest(tmp_path / "upright out")[0], manifest(tmp_path / "lying out")[0]
    assert one["host_box"] == pytest.approx(other["host_box"], abs=0.2)
    assert one["box"] == pytest.approx(other["box"], abs=2)
    a, b = (
        decode_pixels((tmp_path / f"{n} out" / "JPEGImages" / m["image"]).read_bytes())
        for n, m in (("upright", one), ("lying", other))
    )
    assert a is not None and b is not None
    assert np.abs(a.astype(int) - b).mean() < 3


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

            for room in ("commands.paste", "commands.paste_writing", "paste.pieces"):
                monkeypatch.setattr(f"curate.{room}.map_shards", pooled)
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
        assert (smokes / row["cutout_image"]).is_file()
        assert row["seed"] == 9
        assert row["prior"] == "real size"
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


@pytest.mark.skipif(os.name == "nt", reason="names on Windows are always text")
def test_a_sheet_is_drawn_in_a_folder_whose_name_is_no_unicode(
    hands: Path, smokes: Path, tmp_path: Path
) -> None:
    out = tmp_path / os.fsdecode("香烟".encode("gbk"))
    result = run(hands, onto=["hands"], name="smoke", source=smokes, count=1, out=out)
    assert sheet(out, 1).is_file()
    assert as_object(result)["out"].endswith(r"\xcf\xe3\xd1\xcc")


def test_a_sheet_of_an_unfinished_run_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CurateError, match=r"manifest\.parquet"):
        sheet(tmp_path)


def test_an_unknown_host_lists_the_classes_there_are(hands: Path, smokes: Path, tmp_path: Path) -> None:
    with pytest.raises(CurateError, match="'Left Hand'"):
        run(hands, onto=["foot"], name="smoke", source=smokes, count=1, out=tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_an_unknown_object_lists_the_classes_there_are(hands: Path, smokes: Path, tmp_path: Path) -> None:
    with pytest.raises(CurateError, match="'smoke'"):
        run(hands, onto=["hands"], name="pen", source=smokes, count=1, out=tmp_path / "out")


def test_pictures_with_alpha_are_to_be_cut_out_first(hands: Path, tmp_path: Path) -> None:
    bottles = tmp_path / "bottles"
    bottles.mkdir()
    cv2.imencode(".png", np.zeros((60, 40, 4), np.uint8))[1].tofile(bottles / "瓶.png")
    with pytest.raises(CurateError, match="bottles has no labelled object to cut out") as caught:
        run(hands, onto=["hands"], name="bottle", source=bottles, count=1, out=tmp_path / "out")
    assert "curate cutouts" in caught.value.cure
    assert "--cutouts" in caught.value.cure


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
    with pytest.raises(CurateError, match="1 x no clear edge"):
        run(hands, onto=["hands"], name="smoke", source=blank, count=1, out=tmp_path / "out")


def test_what_is_left_in_a_folder_of_cutouts_is_pasted_and_nothing_else(
    hands: Path, smokes: Path, tmp_path: Path
) -> None:
    cut_out(smokes, out=tmp_path / "剪好")
    for name in ("JPEGImages_0_1.png", "JPEGImages_2_1.png"):
        (tmp_path / "剪好" / "cutouts" / name).unlink()
    out = tmp_path / "out"
    result = run(
        hands, onto=["hands"], name="Smoke", source=smokes, cutouts=tmp_path / "剪好", count=3, out=out
    )
    assert (result.made, result.cutouts) == (3, 1)
    assert {row["cutout_image"] for row in manifest(out)} == {"JPEGImages/1.png"}
    with pytest.raises(CurateError, match="its classes are: smoke"):
        run(hands, onto=["hands"], name="pen", cutouts=tmp_path / "剪好", count=1, out=tmp_path / "b")


def test_cutouts_of_pictures_that_are_kept_for_a_test_are_not_pasted(
    hands: Path, smokes: Path, tmp_path: Path
) -> None:
    cut_out(smokes, out=tmp_path / "cut")
    (smokes / "ImageSets" / "Main").mkdir(parents=True)
    (smokes / "ImageSets" / "Main" / "train.txt").write_text("0\n1\n")
    (smokes / "ImageSets" / "Main" / "test.txt").write_text("2\n")
    both = {"source": smokes, "cutouts": tmp_path / "cut", "count": 2}
    result = run(hands, onto=["hands"], name="smoke", out=tmp_path / "out", **both)
    assert result.cutouts == 2
    assert dict(result.refused) == {"its picture is not there, or not for training": 1}
    with pytest.raises(CurateError, match="that they were cut out of"):
        run(hands, onto=["hands"], name="smoke", cutouts=tmp_path / "cut", count=1, out=tmp_path / "a")
    with pytest.raises(CurateError, match="rectangles"):
        run(hands, onto=["hands"], name="smoke", cut="box", out=tmp_path / "b", **both)


def test_cutouts_made_of_a_whole_set_serve_copies_of_a_part_of_it_told_by_their_content(
    hands: Path, smokes: Path, tmp_path: Path
) -> None:
    cut_out(smokes, out=tmp_path / "cut")
    part = tmp_path / "一部分"
    for stem, angle in (
        ("七", 0.5),
        ("0", 0.9),
    ):  # the set's picture 1, and one that it lacks under a name it has
        image, box = stick(angle)
        labelled(part, stem, image, [VocObject("smoke", box)])
    out = tmp_path / "out"
    asked = {"source": part, "cutouts": tmp_path / "cut", "cut_from": smokes, "count": 2}
    result = run(hands, onto=["hands"], name="smoke", out=out, **asked)
    assert result.cutouts == 1
    assert {row["cutout_image"] for row in manifest(out)} == {"JPEGImages/七.png"}


def test_known_outlines_are_pasted_as_they_are(smokes: Path) -> None:
    _, box = stick(0.0)
    x0, y0, x1, y1 = box
    ring = "".join(f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in ((x0, y0), (x1, y0), (x1, y1), (x0, y1)))
    xml = smokes / "Annotations" / "0.xml"
    xml.write_text(
        xml.read_text("utf-8").replace("</object>", f"<polygon>{ring}</polygon></object>"), "utf-8"
    )
    got = supply(open_dataset(Tree.open(smokes)), ["smoke"], seed=0)
    assert [cutout.way for cutout in got.cutouts] == ["polygon", "box", "box"]
    assert (got.things, dict(got.refused)) == (3, {})


def test_bad_cutouts_are_not_pasted_and_their_reasons_counted(smokes: Path) -> None:
    labelled(smokes, "nothing", np.full((90, 90, 3), 90, np.uint8), [VocObject("smoke", (10, 30, 80, 50))])
    got = supply(open_dataset(Tree.open(smokes)), ["smoke"], seed=0)
    assert len(got.cutouts) == 3
    assert min(cutout.quality for cutout in got.cutouts) >= GOOD
    assert dict(got.refused) == {"no clear edge": 1}


# --- which images and hosts are used ---------------------------------------------------------------


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
    own = [label for label in found[0].labels if label.name == "hand"]
    assert [host.object for host in free(found[0], own, {"hand": "hand"})] == [1]
    assert len(free(found[0], own, {"hand": "thing"})) == 2, "a table may carry several"


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


# --- what can be asked for ---------------------------------------------------------------------------


def paste(hands: Path, smokes: Path, out: Path, **options: Any) -> list[dict[str, Any]]:
    asked: dict[str, Any] = {"onto": ["hands"], "name": "smoke", "source": smokes, "count": 3, **options}
    run(hands, out=out, **asked)
    return manifest(out)


def labels(out: Path) -> list[list[str]]:
    objects = open_dataset(out).objects
    return objects.group_by("image_id", maintain_order=True).agg("name")["name"].to_list()


def test_a_distractor_is_labelled_with_its_own_name(hands: Path, smokes: Path, tmp_path: Path) -> None:
    rows = paste(hands, smokes, tmp_path / "out", as_distractor="钢笔")
    assert {(row["role"], row["name"]) for row in rows} == {("distractor", "钢笔")}
    assert labels(tmp_path / "out") == [["Left Hand", "钢笔"]] * 3


def test_as_background_it_is_pasted_and_not_labelled(hands: Path, smokes: Path, tmp_path: Path) -> None:
    rows = paste(hands, smokes, tmp_path / "out", as_distractor="background")
    assert {(row["role"], row["object"]) for row in rows} == {("background", 0)}
    assert labels(tmp_path / "out") == [["Left Hand"]] * 3
    assert (tmp_path / "out" / "classes.txt").read_text() == "Left Hand\n"
    before = decode_pixels((hands / rows[0]["target"]).read_bytes())
    after = decode_pixels((tmp_path / "out" / "JPEGImages" / rows[0]["image"]).read_bytes())
    assert before is not None
    assert after is not None
    x0, y0, x1, y1 = (round(v) for v in rows[0]["box"])
    assert np.abs(before.astype(int) - after.astype(int))[y0:y1, x0:x1].max() > 60


def test_random_places_are_elsewhere_and_the_sizes_are_the_same(
    hands: Path, smokes: Path, tmp_path: Path
) -> None:
    there = paste(hands, smokes, tmp_path / "a", count=12)
    anywhere = paste(hands, smokes, tmp_path / "b", count=12, place="random")
    assert {row["grip"] for row in anywhere} == {"anywhere"}
    lengths = [{round(row["thickness"], 2) for row in rows} for rows in (there, anywhere)]
    assert lengths[0] & lengths[1], "drawn from the same placements"
    assert Counter(row["relation"] for row in anywhere) == {"anywhere": len(anywhere)}


def test_a_box_is_pasted_with_its_background_and_upright(hands: Path, smokes: Path, tmp_path: Path) -> None:
    rows = paste(hands, smokes, tmp_path / "out", cut="box")
    assert {row["grip"] for row in rows} == {"rectangle"}
    assert {row["angle"] for row in rows} == {0.0}
    for row in rows:
        x0, y0, x1, y1 = row["box"]
        assert row["visible"] == pytest.approx(1.0, abs=0.02)
        assert (x1 - x0, y1 - y0) == pytest.approx((row["length"], row["thickness"]), abs=2.5)


def test_several_things_an_image_each_on_a_hand_of_its_own(smokes: Path, tmp_path: Path) -> None:
    root = tmp_path / "two"
    both = np.hstack([hand_picture(0), hand_picture(10)])
    boxes = [hand_box(0), tuple(v + 240 * (i % 2 == 0) for i, v in enumerate(hand_box(10)))]
    labelled(root, "a", both, [VocObject("hand", box) for box in boxes])
    rows = paste(root, smokes, tmp_path / "out", objects=(2, 2), count=1)
    assert [(row["thing"], row["object"]) for row in rows] == [(1, 3), (2, 4)]
    assert {row["host_object"] for row in rows} == {1, 2}
    assert labels(tmp_path / "out") == [["hand", "hand", "smoke", "smoke"]]


def test_all_images_become_grey_where_that_is_asked_for(hands: Path, smokes: Path, tmp_path: Path) -> None:
    rows = paste(hands, smokes, tmp_path / "out", grey=1.0)
    assert all(row["grey"] for row in rows)
    for row in rows:
        image = decode_pixels((tmp_path / "out" / "JPEGImages" / row["image"]).read_bytes())
        assert image is not None
        assert np.ptp(image.astype(int), axis=2).max() <= 6


def test_a_jpeg_keeps_the_quality_of_its_photograph_unless_another_is_asked_for(
    hands: Path, smokes: Path, tmp_path: Path
) -> None:
    for file in sorted((hands / "JPEGImages").iterdir()):
        image = cv2.imdecode(np.fromfile(file, np.uint8), cv2.IMREAD_COLOR)
        coded = cv2.imencode(".jpg", image, [cv2.IMWRITE_JPEG_QUALITY, 70])[1]
        file.with_suffix(".jpg").write_bytes(coded.tobytes())
        file.unlink()
        xml = hands / "Annotations" / f"{file.stem}.xml"
        xml.write_text(xml.read_text("utf-8").replace(".png", ".jpg"), "utf-8")
    assert {row["quality"] for row in paste(hands, smokes, tmp_path / "a")} == {70}
    assert {row["quality"] for row in paste(hands, smokes, tmp_path / "b", quality=92)} == {92}


def test_what_is_hidden_of_an_old_label_is_taken_off_its_box(smokes: Path, tmp_path: Path) -> None:
    root = tmp_path / "small"
    # things on both sides of the fingers, smaller than a cigarette is thick
    places = [(x, y) for x in (*range(20, 66, 4), *range(134, 180, 4)) for y in range(34, 120, 4)]
    small = [VocObject("ring", (x, y, x + 3, y + 3)) for x, y in places]
    labelled(root, "a", hand_picture(0), [VocObject("hand", hand_box(0)), *small])
    rows = paste(root, smokes, tmp_path / "out", count=1, cover=1.0)
    assert rows[0]["updated"] or rows[0]["dropped"]
    left = open_dataset(tmp_path / "out").objects.filter(pl.col("name") == "ring").height
    assert left == len(small) - len(rows[0]["dropped"])
    careful = paste(root, smokes, tmp_path / "none", count=1, cover=0.0)
    assert not any(row["updated"] or row["dropped"] for row in careful), "nothing may be hidden"


def test_the_lineage_in_the_annotation_names_its_own_image_and_both_parents(
    hands: Path, smokes: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    for row in paste(hands, smokes, out):
        told = lineage((out / "Annotations" / f"{Path(row['image']).stem}.xml").read_bytes())
        digest = {
            name: hashlib.sha256(path.read_bytes()).hexdigest()
            for name, path in (
                ("own", out / "JPEGImages" / row["image"]),
                ("target", hands / row["target"]),
                ("object", smokes / row["cutout_image"]),
            )
        }
        assert told.own == digest["own"] == row["sha256"]
        assert told.parents == {digest["target"]: "target", digest["object"]: "object"}


@pytest.mark.parametrize(
    "source",
    [
        b"",
        b"<annotation>",
        b"<annotation><source/></annotation>",
        b"<annotation><source><annotation>{]</annotation></source></annotation>",
        b'<annotation><source><annotation>{"things": [1]}</annotation></source></annotation>',
        b'<annotation><source><annotation>{"target_sha256": 7}</annotation></source></annotation>',
        b"<annotation><source><annotation>[[[</annotation></source></annotation>",
        b"<annotation><source><annotation>" + b"[" * 100_000 + b"</annotation></source></annotation>",
    ],
)
def test_a_strangers_source_has_no_lineage(source: bytes) -> None:
    assert lineage(source).parents == {}


def test_nothing_is_learnt_from_val_and_test(hands: Path, smokes: Path, tmp_path: Path) -> None:
    for root, train, test in ((hands, "手0", "手1\n手2"), (smokes, "0\n2", "1")):
        (root / "ImageSets" / "Main").mkdir(parents=True)
        (root / "ImageSets" / "Main" / "train.txt").write_text(f"{train}\n", encoding="utf-8")
        (root / "ImageSets" / "Main" / "test.txt").write_text(f"{test}\n", encoding="utf-8")
    out = tmp_path / "out"
    result = run(hands, onto=["hands"], name="smoke", source=smokes, count=5, out=out)
    rows = manifest(out)
    assert {row["target"] for row in rows} == {"JPEGImages/手0.png"}
    assert "JPEGImages/1.png" not in {row["cutout_image"] for row in rows}
    assert result.left_aside["not in the training split"] == 2
    assert "no object is cut from 1 images that are not in the training split" in describe(result)


def test_sets_that_list_only_what_judges_give_the_rest(hands: Path) -> None:
    (hands / "ImageSets" / "Main").mkdir(parents=True)
    (hands / "ImageSets" / "Main" / "test.txt").write_text("手1\n", encoding="utf-8")
    found, _ = targets(open_dataset(hands))
    assert [t.stem for t in found] == ["手0", "手2"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"relation": "under"}, "--relation under is unknown"),
        ({"place": "nowhere"}, "--place nowhere is unknown"),
        ({"cut": "scissors"}, "--cut scissors is unknown"),
        ({"size": (0.7, 0.4)}, "0.7-0.4 hosts"),
        ({"objects": (0, 1)}, "0-1 objects"),
        ({"grey": 1.5}, "--grey 1.5 is no share"),
        ({"seed": -1}, "--seed -1 cannot be put on record"),
        ({"seed": 2**63}, "--seed 9223372036854775808 cannot be put on record"),
        ({"rename": "a", "as_distractor": "b"}, "both name the new class"),
        ({"hands_model": Path("nowhere.onnx")}, "There is no nowhere.onnx"),
    ],
)
def test_what_cannot_be_is_refused_with_its_cure(
    hands: Path, smokes: Path, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(CurateError, match=said) as caught:
        paste(hands, smokes, tmp_path / "out", **options)
    assert caught.value.cure
    assert not (tmp_path / "out").exists()


def test_the_result_says_what_was_done_for_people_and_for_programs(
    hands: Path, smokes: Path, tmp_path: Path
) -> None:
    result = run(hands, onto=["hands"], name="smoke", source=smokes, count=2, out=tmp_path / "out")
    text = describe(result)
    assert "2 new images" in text
    assert "sizes: 84 x 7.8 mm, as such things are in life" in text
    told = as_object(result)
    assert told["images"] == {"asked": 2, "made": 2, "grey": 0}
    assert json.loads(json.dumps(told)) == told


@pytest.mark.parametrize("text", ["nan", "inf", "1-inf", "1.5", "two"])
def test_what_is_no_number_of_things_is_refused(text: str) -> None:
    with pytest.raises(CurateError, match=f"--objects-per-image {text} cannot be read"):
        _whole(text)
    assert (_whole("2"), _whole("1-3")) == ((2, 2), (1, 3))


def test_hands_and_plates_in_one_paste_are_refused(smokes: Path, tmp_path: Path) -> None:
    root = tmp_path / "both"
    objects = [VocObject("hand", hand_box(0)), VocObject("plate", (150, 100, 230, 200))]
    labelled(root, "a", hand_picture(0), objects)
    with pytest.raises(CurateError, match="plate carries them"):
        paste(root, smokes, tmp_path / "out", onto=["hand", "plate"])
    assert paste(root, smokes, tmp_path / "out", onto=["hand", "plate"], relation="on-top-of", count=1)


def test_things_on_other_things_lie_as_the_relation_says(smokes: Path, tmp_path: Path) -> None:
    root = tmp_path / "plates"
    plate = np.full((300, 400, 3), (120, 90, 60), np.uint8)
    cv2.ellipse(plate, (200, 160), (150, 90), 0, 0, 360, (60, 70, 150), -1)
    labelled(root, "a", plate, [VocObject("盘子", (50, 70, 350, 250))])
    rows = paste(root, smokes, tmp_path / "out", onto=["盘子"], count=1)
    assert rows[0]["relation"] == "on-top-of"
    x0, _, x1, y1 = rows[0]["box"]
    assert 50 <= (x0 + x1) / 2 <= 350
    assert 70 <= y1 <= 250


def test_targets_are_cut_to_where_things_are_as_large_as_in_their_own_photographs(
    smokes: Path, tmp_path: Path
) -> None:
    root = tmp_path / "far"
    wide = np.full((900, 1200, 3), (70, 90, 120), np.uint8)
    wide[300:520, 400:640] = hand_picture(0)
    box = tuple(v + (400, 300)[i % 2] for i, v in enumerate(hand_box(0)))
    labelled(root, "a", wide, [VocObject("hand", box), VocObject("hat", (5, 5, 90, 60))])
    (near,) = paste(root, smokes, tmp_path / "near", count=1)
    (whole,) = paste(root, smokes, tmp_path / "whole", count=1, frame="whole")
    assert whole["frame"] == [0, 0, 1200, 900]
    x0, y0, x1, y1 = near["frame"]
    assert 240 <= x1 - x0 < 700
    assert near["dropped"] == [2], "the hat is outside"
    assert whole["dropped"] == []
    # the same thing in the same place of the target
    assert (near["x"] + x0, near["y"] + y0) == pytest.approx((whole["x"], whole["y"]), abs=0.02)
    dataset = open_dataset(tmp_path / "near")
    assert dataset.images.select("width", "height", "image_width", "image_height").row(0) == (
        *(x1 - x0, y1 - y0),
        *(x1 - x0, y1 - y0),
    )
    (frame_labels,) = labels(tmp_path / "near")
    assert frame_labels == ["hand", "smoke"]
