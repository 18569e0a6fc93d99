"""A model that is asked: what it gets wrong is mined, and what it sees in a background is held back."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from curate import geometry
from curate.commands import export, negatives, validate
from curate.commands.negatives import describe, run
from curate.errors import CurateError
from curate.formats.images import decode_pixels
from curate.negatives.labelled import Frame
from curate.negatives.ledger import BY_MODEL, NEVER, Claim
from curate.negatives.mining import false_positives
from curate.negatives.model import Recorded, open_model, unmatched, working_confidence
from curate.tree import Tree
from tests.curate.negatives.scenes import SeesRed, encoded, put_scenes, scene
from tests.curate.sets import files_below, put, turned

MODEL = Path("红.pt")
ROW = {"image": "a", "name": "x", "confidence": 0.5, "xyxy": [0, 0, 1, 1]}


@pytest.fixture
def model(monkeypatch: pytest.MonkeyPatch) -> SeesRed:
    """Takes the place of every model that is named."""
    one = SeesRed(usual=0.2)
    monkeypatch.setattr(negatives, "open_model", lambda path: one)
    monkeypatch.setattr(negatives, "open_checker", lambda path: one)
    return one


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two images whose red squares are labelled, and one that has a second square without a label."""
    return put_scenes(
        tmp_path / "数据",
        {"a": [(10, 20, 70, 90)], "b": [(10, 20, 70, 90)], "c": [(10, 20, 70, 90)]},
        unlabelled={"c": [(200, 100, 260, 150)]},
    )


def ledger(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "negatives.jsonl").read_text("utf-8").splitlines()]


def red(pixels: np.ndarray | None) -> bool:
    assert pixels is not None
    return bool(((pixels[..., 0] > 200) & (pixels[..., 1] < 60)).any())


# --- mining -----------------------------------------------------------------------------------------------


def test_a_detection_is_wrong_if_it_matches_no_label_of_any_class() -> None:
    frame = Frame("a", "png", 100, 100, ("x",), geometry.as_boxes([(0, 0, 40, 40)]))
    half = Claim("y", 0.9, (0, 20, 40, 60))  # 800 / 2400: badly placed
    corner = Claim("x", 0.8, (30, 30, 70, 70))  # 100 / 3100: 0.03
    nowhere = Claim("x", 0.7, (60, 60, 90, 90))
    assert false_positives([half, corner, nowhere], frame) == [corner, nowhere]
    assert false_positives([], frame) == []


def test_around_a_false_positive_a_part_without_labelled_objects_is_cut(
    data: Path, tmp_path: Path, model: SeesRed
) -> None:
    result = run(data, out=tmp_path / "out", mine=MODEL, count=5)
    (row,) = ledger(tmp_path / "out")
    assert (row["source"], row["decision"], row["origin"]) == ("JPEGImages/c.png", BY_MODEL, "data set")
    assert row["who"] == "model 红.pt (abababababab)"
    assert row["why"] == "sees red at 0.50 where no label is"
    x0, y0, x1, y1 = row["box"]
    assert x0 >= 85 and x0 <= 185 and y0 <= 88 and x1 >= 275 and y1 >= 162  # the label, and 17 px, are clear
    (claim,) = row["claims"]
    assert claim == {"name": "red", "confidence": 0.5, "xyxy": [200 - x0, 100 - y0, 260 - x0, 150 - y0]}
    assert "mined with model 红.pt (abababababab) from a confidence of 0.2" in describe(result)
    assert result.left_aside == {"the model is right about it": 2}


def test_what_is_seen_at_the_edge_of_an_image_may_be_cut(tmp_path: Path, model: SeesRed) -> None:
    # 322 x 243 is no multiple of a cell of the grid, so the last pixels are on no part
    data = put_scenes(
        tmp_path / "edge",
        {"a": [(10, 20, 60, 70)]},
        unlabelled={"a": [(262, 180, 322, 243)]},
        size=(322, 243),
    )
    run(data, out=tmp_path / "out", mine=MODEL, count=1)
    (row,) = ledger(tmp_path / "out")
    x0, y0, x1, y1 = row["box"]
    (claim,) = row["claims"]
    assert claim["xyxy"] == [262 - x0, 180 - y0, x1 - x0, y1 - y0]
    assert x1 >= 315 and y1 >= 238


def test_mined_images_go_to_train_and_are_an_info_until_somebody_looks(
    data: Path, tmp_path: Path, model: SeesRed
) -> None:
    out = tmp_path / "out"
    run(data, out=out, mine=MODEL, count=5)
    found = validate.run(out, select=["OBJ001"]).findings
    assert [f.severity.value for f in found] == ["info"]
    put(data / "ImageSets" / "Main" / "train.txt", "a\nb\nc\n")
    assert export.run([data, out], out=tmp_path / "yolo").counts["train"]["backgrounds"] == 1


def test_an_object_too_near_leaves_no_negative(tmp_path: Path, model: SeesRed) -> None:
    near = put_scenes(tmp_path / "near", {"a": [(100, 20, 200, 120)]}, unlabelled={"a": [(205, 20, 260, 80)]})
    with pytest.raises(CurateError, match="an object is too near to what the model saw") as stopped:
        run(near, out=tmp_path / "out", mine=MODEL, count=1)
    assert "Lower --conf" in stopped.value.cure


def test_only_train_images_are_mined(data: Path, tmp_path: Path, model: SeesRed) -> None:
    for name, stems in (("train", "ab"), ("val", "c")):
        put(data / "ImageSets" / "Main" / f"{name}.txt", "".join(f"{s}\n" for s in stems))
    with pytest.raises(CurateError):
        run(data, out=tmp_path / "out", mine=MODEL, count=1)
    assert model.asked == ["JPEGImages/a.png", "JPEGImages/b.png"]


def rooms(tmp_path: Path) -> Path:
    """Four rooms; red things stand in two of them, a higher one in `one`."""
    put(tmp_path / "rooms" / "none.png", encoded(scene(60)))
    put(tmp_path / "rooms" / "one.png", encoded(scene(61, [(50, 50, 90, 120)])))
    put(tmp_path / "rooms" / "two.png", encoded(scene(62, [(50, 50, 90, 100)])))
    put(tmp_path / "rooms" / "low.png", encoded(scene(63, [(50, 50, 90, 60)])))
    return tmp_path / "rooms"


def test_in_backgrounds_everything_seen_is_wrong_and_the_most_confident_goes_first(
    data: Path, tmp_path: Path, model: SeesRed
) -> None:
    result = run(data, out=tmp_path / "out", mine=MODEL, source=rooms(tmp_path), count=1)
    (row,) = ledger(tmp_path / "out")
    assert (row["image"], row["source"]) == ("JPEGImages/mined_one.png", "one.png")
    assert "box" not in row
    assert (tmp_path / "out" / row["image"]).read_bytes() == (tmp_path / "rooms" / "one.png").read_bytes()
    assert result.left_aside == {"the model sees nothing in it": 2}  # `low` is below the confidence


def test_the_confidence_can_be_asked_for(data: Path, tmp_path: Path, model: SeesRed) -> None:
    result = run(data, out=tmp_path / "out", mine=MODEL, source=rooms(tmp_path), conf=0.6, count=5)
    assert result.made == 1
    assert any("from a confidence of 0.6 (as asked)" in note for note in result.notes)


def test_of_a_background_larger_than_the_photographs_a_part_can_be_cut(
    data: Path, tmp_path: Path, model: SeesRed
) -> None:
    put(tmp_path / "large" / "hall.png", encoded(scene(64, [(900, 600, 960, 660)], (1280, 960))))
    run(data, out=tmp_path / "out", mine=MODEL, source=tmp_path / "large", crops=True, count=1)
    (row,) = ledger(tmp_path / "out")
    x0, y0, x1, y1 = row["box"]
    assert 200 < x1 - x0 <= 320 and 150 < y1 - y0 <= 240  # as large as the photographs of the set
    assert x0 <= 885 and y0 <= 585 and x1 >= 975 and y1 >= 675


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_part_of_a_turned_picture_is_written_as_displayed_with_what_was_seen_in_its_place(
    tmp_path: Path, model: SeesRed, orientation: int
) -> None:
    shown = scene(0, [(10, 20, 70, 90), (200, 100, 260, 150)])  # 320 x 240; the second one has no label
    stored = geometry.displayed(shown, geometry.opposite(orientation))
    put(tmp_path / "set" / "images" / "c.jpg", turned(encoded(stored, ".jpg"), orientation))
    put(tmp_path / "set" / "labels" / "c.txt", f"0 {40 / 320} {55 / 240} {60 / 320} {70 / 240}\n")
    put(tmp_path / "set" / "data.yaml", "train: images\nnames: [red]\n")
    run(tmp_path / "set", out=tmp_path / "mined", mine=MODEL, count=1)
    asked = {"check": MODEL, "check_conf": 0.3, "mark_suspects": True}
    run(tmp_path / "set", out=tmp_path / "cut", crops=True, count=2, **asked)
    for out in ("mined", "cut"):
        rows = [row for row in ledger(tmp_path / out) if row["claims"]]
        assert rows
        for row in rows:
            part = decode_pixels((tmp_path / out / row["image"]).read_bytes())
            assert part is not None
            assert np.isclose(part.shape[1] / part.shape[0], 4 / 3, atol=0.1), "as wide as displayed"
            x0, y0, x1, y1 = (round(value) for value in row["claims"][0]["xyxy"])
            assert (x1 - x0, y1 - y0) == (pytest.approx(60, abs=4), pytest.approx(50, abs=4))
            assert red(part) and not red(np.delete(part, np.s_[x0 - 2 : x1 + 2], axis=1))
            assert part[y0 + 3 : y1 - 3, x0 + 3 : x1 - 3, 0].min() > 180


def test_the_confidence_is_the_models_own_or_what_predict_takes() -> None:
    assert working_confidence(SeesRed(usual=0.371), None)[0] == 0.371
    assert working_confidence(SeesRed(usual=None), None)[0] == 0.25
    assert working_confidence(SeesRed(usual=0.001), None)[0] == 0.25  # no working point at all
    assert working_confidence(SeesRed(usual=0.371), 0.5) == (0.5, "as asked")
    with pytest.raises(CurateError, match="confidence of 1 cannot be"):
        working_confidence(SeesRed(), 1.0)


# --- predictions.json -------------------------------------------------------------------------------------


def predictions(path: Path, *rows: tuple[str, float, list[float]]) -> Path:
    said = [{"image": i, "name": "red", "confidence": c, "xyxy": b} for i, c, b in rows]
    return put(path, json.dumps({"schema": 1, "predictions": said}))


def test_predictions_of_trainer_predict_serve_as_well(data: Path, tmp_path: Path) -> None:
    file = predictions(
        tmp_path / "predictions.json",
        ("c.png", 0.4, [200, 100, 260, 150]),  # relative to JPEGImages, where `predict` has looked
        ("c.png", 0.9, [10, 20, 70, 90]),
        ("elsewhere.png", 0.9, [1, 1, 9, 9]),
    )
    result = run(data, out=tmp_path / "out", mine=file, count=5)
    (row,) = ledger(tmp_path / "out")
    assert (row["source"], row["claims"][0]["confidence"]) == ("JPEGImages/c.png", 0.4)
    assert "1 entry of predictions.json tell of no image that is looked at" in result.notes


def test_what_was_found_on_a_turned_picture_is_told_on_its_stored_pixels(tmp_path: Path) -> None:
    model = Recorded.read(predictions(tmp_path / "p.json", ("a.jpg", 0.9, [10, 20, 30, 50])))
    put(tmp_path / "a.jpg", turned(encoded(scene(0, size=(64, 48)), ".jpg"), 6))  # shown as 48 x 64
    ((claim,),) = (found or () for found in model.see(Tree(tmp_path), ["a.jpg"], 0.25))
    assert claim.xyxy == (20, 48 - 30, 50, 48 - 10)  # shown (x, y) is stored (y, 48 - x)


def test_an_entry_that_fits_two_images_tells_of_none(tmp_path: Path) -> None:
    model = Recorded.read(predictions(tmp_path / "p.json", ("a.png", 0.9, [1, 1, 9, 9])))
    tree = Tree(tmp_path)
    assert [len(found or ()) for found in model.see(tree, ["x/a.png", "y/a.png"], 0.25)] == [0, 0]
    assert unmatched(model, ["x/a.png", "y/a.png"]) == 1
    assert [len(found or ()) for found in model.see(tree, ["x/a.png", "a.png"], 0.25)] == [0, 1]


@pytest.mark.parametrize(
    "content",
    [
        "",
        "[]",
        '{"schema": 9, "predictions": []}',
        '{"schema": 1}',
        '{"schema": 1, "predictions": [{"image": "a"}]}',
        json.dumps({"schema": 1, "predictions": [{**ROW, "confidence": float("nan")}]}),
        '{"schema": 1, "predictions": ' + "[" * 100_000,
    ],
)
def test_what_is_no_predictions_json_is_refused(content: str, tmp_path: Path) -> None:
    with pytest.raises(CurateError, match=r"is no predictions\.json"):
        open_model(put(tmp_path / "p.json", content))
    with pytest.raises(CurateError, match="cannot be read"):
        open_model(tmp_path / "absent.json")


# --- the check --------------------------------------------------------------------------------------------


def test_backgrounds_in_which_the_check_sees_an_object_are_refused_and_drawn(
    data: Path, tmp_path: Path, model: SeesRed
) -> None:
    out = tmp_path / "out"
    result = run(data, out=out, source=rooms(tmp_path), count=4, check=MODEL)
    assert {row["source"] for row in ledger(out)} == {"none.png", "low.png"}
    assert result.refused == {"the check sees an object in it": 2}
    assert result.sheets == (out / ".curate" / "suspects.png",)
    drawn = decode_pixels(result.sheets[0].read_bytes())
    assert drawn is not None and drawn.shape[1] == 2 * 244


def test_suspects_can_be_kept_as_never_labelled_and_export_leaves_them_out(
    data: Path, tmp_path: Path, model: SeesRed
) -> None:
    out = tmp_path / "out"
    result = run(data, out=out, source=rooms(tmp_path), count=4, check=MODEL, mark_suspects=True)
    states = {row["image"]: row["decision"] for row in ledger(out)}
    assert states["JPEGImages/suspect_one.png"] == states["JPEGImages/suspect_two.png"] == NEVER
    assert (result.made, result.suspects) == (2, 2)
    assert sorted(f.path for f in validate.run(out, select=["OBJ001"]).findings) == [
        "Annotations/suspect_one.xml",
        "Annotations/suspect_two.xml",
    ]
    put(data / "ImageSets" / "Main" / "train.txt", "a\nb\nc\n")
    done = export.run([data, out], out=tmp_path / "yolo")
    assert done.counts["train"]["backgrounds"] == 2
    assert [d["why"] for d in done.dropped] == ["on record as never-labelled (curate negatives --from)"] * 2


def test_a_check_looks_at_parts_as_they_are_cut(tmp_path: Path, model: SeesRed) -> None:
    data = put_scenes(
        tmp_path / "data",
        {f"{i}": [(10, 20, 70, 90)] for i in range(4)},
        unlabelled={"2": [(200, 100, 260, 150)]},
    )
    result = run(data, out=tmp_path / "out", crops=True, count=4, check=MODEL, check_conf=0.1)
    assert result.refused.get("the check sees an object in it") == 1
    assert not any(
        red(decode_pixels((tmp_path / "out" / row["image"]).read_bytes())) for row in ledger(tmp_path / "out")
    )


def test_what_the_check_holds_back_makes_room_for_later_candidates(
    data: Path, tmp_path: Path, model: SeesRed
) -> None:
    for i in range(30):  # in two of three something stands
        put(tmp_path / "many" / f"{i:02}.png", encoded(scene(100 + i, [(50, 50, 90, 120)] if i % 3 else [])))
    result = run(data, out=tmp_path / "out", source=tmp_path / "many", count=10, check=MODEL)
    assert result.made == 10  # all that are empty; the last one may come before the last suspect


def test_where_nothing_is_labelled_suspects_alone_are_a_share_of_nothing(
    tmp_path: Path, model: SeesRed
) -> None:
    data = put_scenes(tmp_path / "new", {"a": []})
    put(tmp_path / "red" / "b.png", encoded(scene(7, [(50, 50, 90, 120)])))
    source = tmp_path / "red"
    result = run(data, out=tmp_path / "out", source=source, count=1, check=MODEL, mark_suspects=True)
    assert (result.made, result.suspects, result.share) == (0, 1, 0.0)


def test_predictions_cannot_say_that_an_image_is_empty(data: Path, tmp_path: Path) -> None:
    file = predictions(tmp_path / "p.json")
    with pytest.raises(CurateError, match="names only images in which something was found"):
        run(data, out=tmp_path / "out", source=rooms(tmp_path), count=1, check=file)


def test_options_of_a_model_need_one(data: Path, tmp_path: Path) -> None:
    for options in ({"check_conf": 0.3}, {"mark_suspects": True}, {"conf": 0.3}):
        with pytest.raises(CurateError, match="belong"):
            run(data, out=tmp_path / "out", crops=True, count=1, **options)


def test_the_same_seed_gives_the_same_bytes(data: Path, tmp_path: Path, model: SeesRed) -> None:
    source = rooms(tmp_path)
    for name, workers in (("one", 1), ("two", 2)):
        run(data, out=tmp_path / name, source=source, mine=MODEL, count=3, sheet=3, workers=workers)
    assert files_below(tmp_path / "one") == files_below(tmp_path / "two")


# --- weights of the trainer -------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A network that has learnt nothing, with a working point all the same."""
    torch = pytest.importorskip("torch")
    from trainer.checkpoint import save_checkpoint
    from trainer.model.network import build
    from trainer.model.zoo import configure

    torch.manual_seed(0)
    config = configure("n", 1, imgsz=64)
    path = tmp_path_factory.mktemp("权重") / "best.pt"
    save_checkpoint(
        path, build(config).state_dict(), config=config, classes=["红"], metrics={"confidence": 0.31}
    )
    return path


def test_weights_say_what_trainer_predict_says(weights: Path, tmp_path: Path) -> None:
    from trainer.predict import predict
    from trainer.suppression import SHOWN

    put(tmp_path / "图" / "a.png", encoded(scene(0, size=(96, 64))))
    put(tmp_path / "图" / "b.jpg", encoded(scene(1, size=(64, 96)), ".jpg"))
    put(tmp_path / "图" / "lying.jpg", turned(encoded(scene(2, size=(96, 64)), ".jpg"), 6))
    put(tmp_path / "图" / "broken.jpg", b"\xff\xd8\xff")
    model = open_model(weights)
    assert model.usual == 0.31
    good = ["a.png", "b.jpg", "lying.jpg"]
    *seen, broken = model.see(Tree.open(tmp_path / "图"), [*good, "broken.jpg"], 0.001)
    assert broken is None
    predict(
        tmp_path / "图",
        weights,
        out=tmp_path / "out",
        suppression=replace(SHOWN, conf=0.001),
        format="none",
        draw=False,
        write_json=True,
    )
    recorded = open_model(tmp_path / "out" / "predictions.json")
    theirs = list(recorded.see(Tree.open(tmp_path / "图"), good, 0.001))
    for ours, other in zip(seen, theirs, strict=True):
        assert ours and other
        assert [(c.name, c.confidence) for c in ours] == [(c.name, c.confidence) for c in other]
        assert np.allclose([c.xyxy for c in ours], [c.xyxy for c in other], atol=0.06)


def test_what_is_no_weights_file_is_a_request_that_cannot_be_met(tmp_path: Path) -> None:
    pytest.importorskip("torch")
    with pytest.raises(CurateError, match="No weights at"):
        open_model(tmp_path / "absent.pt")
    with pytest.raises(CurateError, match="cannot be read as weights"):
        open_model(put(tmp_path / "text.pt", "hello"))
