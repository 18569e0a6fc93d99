"""`curate cutouts`: what is written, what is read back, what is refused, and that it is always the same."""

from __future__ import annotations

import hashlib
import json
import math
import shutil
from dataclasses import fields, replace
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest
from typer.testing import CliRunner

from curate.cli import app
from curate.commands.cutouts import describe, run
from curate.errors import CurateError, OutputExists
from curate.formats.discover import open_dataset
from curate.formats.images import decode_pixels
from curate.formats.voc import VocAnnotation, VocObject, write
from curate.paste.cutouts import GOOD, Cutout, read_cutouts
from curate.paste.cutouts.collect import called, chosen, pictures
from curate.paste.cutouts.folder import file_names
from curate.paste.lettering import drawable, written
from curate.tree import Tree
from tests.curate.test_cutouts import stick


def save(path: Path, picture: np.ndarray) -> None:
    """(H, W, 3) RGB or (H, W, 4) RGBA."""
    path.parent.mkdir(parents=True, exist_ok=True)
    code = cv2.COLOR_RGBA2BGRA if picture.shape[2] == 4 else cv2.COLOR_RGB2BGR
    path.write_bytes(cv2.imencode(".png", cv2.cvtColor(picture, code))[1].tobytes())


def labelled(root: Path, stem: str, image: np.ndarray, objects: list[VocObject], more: str = "") -> None:
    save(root / "JPEGImages" / f"{stem}.png", image)
    (root / "Annotations").mkdir(exist_ok=True)
    height, width = image.shape[:2]
    xml = write(VocAnnotation("JPEGImages", f"{stem}.png", width, height, objects=objects)).decode()
    (root / "Annotations" / f"{stem}.xml").write_text(
        xml.replace("\t</object>", f"{more}\t</object>"), "utf-8"
    )


def disc_image(colour: tuple[int, int, int] = (220, 60, 40)) -> np.ndarray:
    image = np.full((140, 150, 3), (60, 70, 90), np.uint8)
    cv2.circle(image, (70, 70), 30, colour, -1, cv2.LINE_AA)
    return image


DISC = (40.0, 40.0, 100.0, 100.0)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Sticks, a disc and a box in which nothing is, in a folder and files with Chinese names."""
    return put_data(tmp_path / "数据 data")


def put_data(root: Path) -> Path:
    for i, angle in enumerate((0.0, 0.5, -0.8)):
        image, box = stick(angle)
        labelled(root, f"香烟{i}", image, [VocObject("烟 stick", box)])
    labelled(root, "圆", disc_image(), [VocObject("disc", DISC)])
    labelled(root, "空", np.full((140, 140, 3), 120, np.uint8), [VocObject("disc", (30, 30, 100, 100))])
    return root


@pytest.fixture(scope="module")
def made_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("made")
    run(put_data(place / "数据 data"), out=place / "out")
    return place / "out"


@pytest.fixture
def made(made_once: Path, tmp_path: Path) -> Path:
    """What `run` made of `data`, a copy of one's own."""
    return Path(shutil.copytree(made_once, tmp_path / "out"))


def state(*roots: Path) -> dict[Path, str]:
    files = (p for root in roots for p in root.rglob("*") if p.is_file())
    return {p: hashlib.sha256(p.read_bytes()).hexdigest() for p in files}


def index(out: Path) -> dict[str, Any]:
    return json.loads((out / "cutouts.json").read_text("utf-8"))


def test_every_good_thing_is_a_png_with_alpha_and_an_entry(data: Path, tmp_path: Path) -> None:
    result = run(data, out=tmp_path / "out")
    assert result.made == 4
    assert result.things == 5
    assert dict(result.classes) == {"烟 stick": 3, "disc": 1}
    rows = index(tmp_path / "out")["cutouts"]
    assert [row["file"] for row in rows] == sorted(p.name for p in (tmp_path / "out" / "cutouts").iterdir())
    for row in rows:
        picture = cv2.imdecode(
            np.fromfile(tmp_path / "out" / "cutouts" / row["file"], np.uint8), cv2.IMREAD_UNCHANGED
        )
        assert picture.shape[2] == 4
        assert (data / row["source"]).is_file()
        assert row["way"] == "box"
        assert row["quality"] >= GOOD
        assert {"edges", "contrast", "agree"} <= set(row["parts"])
        rows_of_it, columns = np.nonzero(picture[..., 3] > 5)
        assert rows_of_it.min() <= 3, "tight"
        assert columns.min() <= 3


def test_refusals_are_counted_by_their_reason(data: Path, tmp_path: Path) -> None:
    result = run(data, out=tmp_path / "out")
    assert sum(result.refused.values()) == 1
    assert index(tmp_path / "out")["refused"] == dict(result.refused)
    text = describe(result)
    assert "4 cut-outs of 5 things" in text
    assert "refused: 1 x " in text


def same(a: Cutout, b: Cutout) -> bool:
    return all(
        np.array_equal(a.rgba, b.rgba) if f.name == "rgba" else getattr(a, f.name) == getattr(b, f.name)
        for f in fields(Cutout)
    )


def test_what_is_read_back_is_what_was_cut_out(
    data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from curate.commands import cutouts as pipeline

    kept: list[Cutout] = []
    split = pipeline.split

    def spy(*arguments: Any) -> Any:
        good, poor, refused = split(*arguments)
        kept.extend(good)
        return good, poor, refused

    monkeypatch.setattr(pipeline, "split", spy)
    run(data, out=tmp_path / "out")
    again = read_cutouts(tmp_path / "out")
    assert len(again) == len(kept) == 4
    assert all(same(a, b) for a, b in zip(again, kept, strict=True))
    assert [c.name for c in read_cutouts(tmp_path / "out", ["disc"])] == ["disc"]


def test_a_png_that_is_deleted_takes_its_cutout_along(made: Path) -> None:
    (made / "cutouts" / "JPEGImages_香烟1_1.png").unlink()
    left = read_cutouts(made)
    assert sorted(c.source for c in left) == [
        "JPEGImages/圆.png",
        "JPEGImages/香烟0.png",
        "JPEGImages/香烟2.png",
    ]


def test_folders_that_hold_no_cutouts_say_so(data: Path, made: Path) -> None:
    with pytest.raises(CurateError, match=r"holds no cutouts\.json"):
        read_cutouts(data)
    with pytest.raises(CurateError, match="its classes are: disc, 烟 stick"):
        read_cutouts(made, ["pen"])
    for png in (made / "cutouts").iterdir():
        png.unlink()
    with pytest.raises(CurateError, match="holds no cut-out"):
        read_cutouts(made)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda i: i["cutouts"][0].pop("zoom"), "lacks 'zoom'"),
        (lambda i: i["cutouts"][0].update(box=[1, 2]), "cannot be read"),
        (lambda i: i["cutouts"][0].update(way="magic"), "mean nothing"),
        (lambda i: i["cutouts"].insert(0, 7), "cannot be read"),
        (lambda i: i.update(schema=99), "not of the kind"),
    ],
)
def test_a_damaged_index_is_refused_in_words(made: Path, change: Any, said: str) -> None:
    content = index(made)
    change(content)
    (made / "cutouts.json").write_text(json.dumps(content), "utf-8")
    with pytest.raises(CurateError, match=said):
        read_cutouts(made)


def test_nothing_outside_the_folder_is_read(made: Path, tmp_path: Path) -> None:
    save(tmp_path / "secret.png", np.zeros((20, 20, 4), np.uint8))
    content = index(made)
    content["cutouts"] = [{**content["cutouts"][0], "file": "../../secret.png"}]
    (made / "cutouts.json").write_text(json.dumps(content), "utf-8")
    with pytest.raises(CurateError, match="holds no cut-out"):
        read_cutouts(made)


def test_a_png_without_alpha_is_refused(made: Path) -> None:
    save(made / "cutouts" / "JPEGImages_圆_1.png", disc_image())
    with pytest.raises(CurateError, match="no alpha channel"):
        read_cutouts(made)


def test_every_number_of_workers_writes_the_same_bytes_and_the_source_is_only_read(
    data: Path, tmp_path: Path
) -> None:
    half = tuple(side / 2 for side in DISC)
    for i in range(8):  # so many pictures are worth a pool; small ones are cut out sooner
        small = cv2.resize(
            disc_image((200, 60 + 10 * i, 40)), None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA
        )
        labelled(data, f"更多{i}", small, [VocObject("disc", half)])
    before = state(data)
    for workers in (1, 2):
        run(data, out=tmp_path / f"out{workers}", workers=workers)
    one, two = (
        {p.relative_to(tmp_path / name).as_posix(): digest for p, digest in state(tmp_path / name).items()}
        for name in ("out1", "out2")
    )
    assert one == two
    assert len(one) > 10
    assert state(data) == before


def test_the_sheet_shows_good_and_refused_with_their_names(data: Path, tmp_path: Path) -> None:
    result = run(data, out=tmp_path / "out", each=2)
    sheet = decode_pixels((tmp_path / "out" / "sheet.png").read_bytes())
    assert sheet is not None
    # a heading and one row for the good, a heading and one row for the refused
    assert sheet.shape == (2 * 30 + 2 * (200 + 2 * 20 + 6), 4 * (400 + 6), 3)
    assert drawable("香烟") or "Noto" in result.notes[0]


def test_text_that_no_font_holds_is_spelt_in_code_points(monkeypatch: pytest.MonkeyPatch) -> None:
    from curate.paste import lettering

    monkeypatch.setattr(lettering, "_font_of", lambda text, size: None)
    assert not lettering.drawable("手")
    line = lettering.written("手 #1", 200, 20, (0, 0, 0), (255, 255, 255))
    plain = lettering.written("\\u624b #1", 200, 20, (0, 0, 0), (255, 255, 255))
    assert np.array_equal(line, plain)
    assert (line < 100).any()


def test_a_name_that_is_too_long_keeps_both_ends() -> None:
    narrow = written("begin" + "x" * 200 + "end", 120, 20, (0, 0, 0), (255, 255, 255))
    assert narrow.shape == (20, 120, 3)
    assert (narrow[:, :40] < 128).any()
    assert (narrow[:, -40:] < 128).any()


def test_file_names_are_unique_where_case_does_not_count(data: Path) -> None:
    image, box = stick(0.0)
    from curate.paste.cutouts import cut

    one = cut(image, box)
    assert isinstance(one, Cutout)
    names = file_names(
        [
            replace(one, source="a/B.png", object=1),
            replace(one, source="A/b.jpg", object=1),
            replace(one, source="a/B.png", object=2),
            replace(one, source="手" * 200 + ".png", object=3),
            replace(one, source='x:"?.png', object=1),
        ]
    )
    assert names[:3] == ["a_B_1.png", "A_b_1_2.png", "a_B_2.png"]
    assert len(names[3].encode()) < 140
    assert names[4] == "x____1.png"


# --- where outlines come from ---------------------------------------------------------------------------


def square_polygon(more: str = "") -> str:
    points = "".join(
        f"<pt><x>{x}</x><y>{y}</y></pt>" for x, y in ((40, 40), (100, 40), (100, 100), (40, 100))
    )
    return f"<polygon>{points}</polygon>{more}"


def test_a_polygon_goes_before_the_box(tmp_path: Path) -> None:
    labelled(tmp_path / "d", "a", disc_image(), [VocObject("disc", DISC)], square_polygon())
    run(tmp_path / "d", out=tmp_path / "out", min_quality=0)
    (got,) = read_cutouts(tmp_path / "out")
    assert got.way == "polygon"
    assert got.parts["given"] == 1
    # the whole square of 60 x 60, corners of the ground and all: somebody drew it
    assert (got.rgba[..., 3] > 128).sum() / got.zoom**2 == pytest.approx(3600, rel=0.08)
    run(tmp_path / "d", out=tmp_path / "boxes", ways=["box"])
    assert read_cutouts(tmp_path / "boxes")[0].way == "box"


def test_an_object_with_a_polygon_alone_is_cut_out_too(tmp_path: Path) -> None:
    labelled(tmp_path / "d", "a", disc_image(), [VocObject("disc", DISC)], square_polygon())
    path = tmp_path / "d" / "Annotations" / "a.xml"
    text = path.read_text("utf-8")
    start, stop = text.index("<bndbox>"), text.index("</bndbox>") + len("</bndbox>")
    path.write_text(text[:start] + text[stop:], "utf-8")
    run(tmp_path / "d", out=tmp_path / "out", min_quality=0)
    (got,) = read_cutouts(tmp_path / "out")
    assert got.way == "polygon"
    assert got.box == pytest.approx((40, 40, 101, 101), abs=1.01)


def test_a_mask_beside_the_image_gives_the_outline(tmp_path: Path) -> None:
    labelled(tmp_path / "d", "圆", disc_image(), [VocObject("disc", DISC)])
    mask = np.zeros((140, 150, 3), np.uint8)
    cv2.circle(mask, (70, 70), 30, (128, 0, 0), -1)
    save(tmp_path / "d" / "SegmentationObject" / "圆.png", mask)
    run(tmp_path / "d", out=tmp_path / "out")
    (got,) = read_cutouts(tmp_path / "out")
    assert got.way == "mask"
    assert (got.rgba[..., 3] > 128).sum() / got.zoom**2 == pytest.approx(math.pi * 30**2, rel=0.05)


def test_pictures_with_alpha_are_cutouts_of_their_own(tmp_path: Path) -> None:
    root = tmp_path / "剪好的"
    image = np.zeros((100, 120, 4), np.uint8)
    cv2.ellipse(image, (60, 50), (45, 20), 30, 0, 360, (200, 60, 30, 255), -1, cv2.LINE_AA)
    save(root / "瓶子.png", image)
    save(root / "opaque.png", disc_image())
    result = run(root, out=tmp_path / "out", objects=["bottle"])
    (got,) = read_cutouts(tmp_path / "out")
    assert (got.way, got.name, got.source) == ("alpha", "bottle", "瓶子.png")
    assert got.length == pytest.approx(90, abs=3)
    assert got.thickness == pytest.approx(40, abs=3)
    assert math.degrees(got.angle) == pytest.approx(30, abs=3)
    assert result.refused == {"no outline": 1}
    with pytest.raises(CurateError, match="nothing says what they show"):
        run(root, out=tmp_path / "other")


def test_a_labelled_picture_with_alpha_is_cut_along_it(tmp_path: Path) -> None:
    image = np.dstack([disc_image(), np.zeros((140, 150), np.uint8)])
    cv2.rectangle(image, (50, 50), (89, 89), (10, 200, 10, 255), -1)  # the alpha, not the colours, decides
    labelled(tmp_path / "d", "a", np.ascontiguousarray(image[..., :3]), [VocObject("thing", DISC)])
    save(tmp_path / "d" / "JPEGImages" / "a.png", image)
    run(tmp_path / "d", out=tmp_path / "out")
    (got,) = read_cutouts(tmp_path / "out")
    assert got.way == "alpha"
    assert (got.rgba[..., 3] > 128).sum() / got.zoom**2 == pytest.approx(1600, rel=0.06)


@pytest.mark.parametrize("orientation", range(2, 9))
def test_outlines_of_pictures_that_exif_turns_lie_on_what_is_shown(tmp_path: Path, orientation: int) -> None:
    from curate.geometry import displayed, opposite
    from curate.paste.cutouts.collect import Picture, _shown

    stored = np.zeros((30, 50), bool)
    stored[4:10, 8:28] = True
    exif = {
        2: stored[:, ::-1],
        3: np.rot90(stored, 2),
        4: stored[::-1],
        5: stored.T,
        6: np.rot90(stored, -1),
        7: np.rot90(stored, 2).T,
        8: np.rot90(stored),
    }
    shown = exif[orientation]
    assert np.array_equal(displayed(shown, opposite(orientation)), stored)
    height, width = shown.shape
    picture = Picture("a.jpg", (), width, height, orientation)
    box = _shown((8, 4, 28, 10), picture, 50, 30)
    rows, columns = np.nonzero(shown)
    assert box == (columns.min(), rows.min(), columns.max() + 1, rows.max() + 1)


# --- which things ---------------------------------------------------------------------------------------


def test_only_the_classes_that_were_asked_for(data: Path, tmp_path: Path) -> None:
    result = run(data, out=tmp_path / "out", objects=["烟stick"])
    assert dict(result.classes) == {"烟 stick": 3}
    with pytest.raises(
        CurateError, match="No class is called pen; the classes there are: 'disc', '烟 stick'"
    ):
        run(data, out=tmp_path / "other", objects=["pen"])


def test_a_name_that_is_there_word_for_word_is_not_mixed_with_its_like() -> None:
    assert called(["Pen", "pen", "cup"], ["pen"]) == ("pen",)
    assert called(["Pen", "cup"], ["pen"]) == ("Pen",)
    assert called(["b", "a"], []) == ("a", "b")


def test_pictures_that_are_not_for_training_are_left_aside(data: Path, tmp_path: Path) -> None:
    lists = data / "ImageSets" / "Main"
    lists.mkdir(parents=True)
    (lists / "train.txt").write_text("香烟0\n圆\n", "utf-8")
    (lists / "test.txt").write_text("香烟1\n香烟2\n空\n", "utf-8")
    result = run(data, out=tmp_path / "out")
    assert result.things == 2
    assert dict(result.left_aside) == {"not in the training split": 3}


def test_a_limit_draws_things_at_random(data: Path, tmp_path: Path) -> None:
    result = run(data, out=tmp_path / "out", most=2, seed=1)
    assert (result.things, result.of) == (2, 5)
    assert any("2 of 5 were looked at" in note for note in result.notes)
    tree = Tree.open(data)
    everything, _ = pictures(open_dataset(tree), tree, ())
    drawn = {tuple(p.image for p in chosen(everything, 2, seed)) for seed in range(20)}
    assert len(drawn) > 3


# --- wrong requests -------------------------------------------------------------------------------------


def test_a_folder_that_is_not_empty_is_refused(data: Path, tmp_path: Path) -> None:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "mine.txt").write_text("x")
    with pytest.raises(OutputExists):
        run(data, out=tmp_path / "out")
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["mine.txt"]


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"min_quality": 1.5}, "does not exist"),
        ({"most": 0}, "Nothing would be looked at"),
        ({"ways": ["polygons"]}, "Did you mean polygon"),
        ({"ways": ["model"]}, "No mask model is given"),
        ({"model": Path("gone.onnx")}, "cannot be read"),
        ({"model": Path("gone.onnx"), "ways": ["box"]}, "would not be used"),
    ],
)
def test_wrong_requests_are_refused_before_anything_is_written(
    data: Path, tmp_path: Path, options: dict[str, Any], said: str
) -> None:
    with pytest.raises(CurateError, match=said):
        run(data, out=tmp_path / "out", **options)
    assert not (tmp_path / "out").exists()


def test_a_folder_inside_the_data_is_refused(data: Path) -> None:
    with pytest.raises(CurateError, match="only read"):
        run(data, out=data / "out")


def test_the_command_exits_1_when_nothing_was_good(data: Path, tmp_path: Path) -> None:
    runner = CliRunner()
    arguments = ["cutouts", str(data), "--object", "disc", "--min-quality", "1", "-o", str(tmp_path / "a")]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 1, result.output
    assert "0 cut-outs of 2 things" in result.output
    assert (tmp_path / "a" / "sheet.png").is_file(), "there is something to look at"
    arguments = ["cutouts", str(data), "--output-format", "json", "-o", str(tmp_path / "b")]
    result = runner.invoke(app, arguments)
    assert result.exit_code == 0
    assert json.loads(result.stdout)["cutouts"] == 4
