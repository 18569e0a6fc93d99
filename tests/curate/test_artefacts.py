"""Whether pasted things can be told from real ones: crops, folds, and the area under the curve."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from sklearn.metrics import roc_auc_score
from typer.testing import CliRunner

from curate.cli import app
from curate.commands import paste_artefacts
from curate.commands.paste import run
from curate.errors import CurateError
from curate.formats.voc import VocObject
from curate.paste.artefacts import features, judge
from curate.paste.artefacts.crops import SIDE, Crop, Where, alike, crops
from curate.paste.artefacts.judge import FOLDS, auc
from curate.paste.artefacts.judge import judge as judged
from tests.curate.test_cutouts import stick
from tests.curate.test_paste import hand_box, hand_picture, labelled


def crop(pasted: bool, group: str, seed: int, *, marked: bool) -> Crop:
    """A noisy crop, in which `marked` ones have a bright rim: a seam that can be learnt."""
    picture = np.random.default_rng(seed).normal(120, 12, (SIDE, SIDE, 3))
    if marked:
        picture[14:16, 14:34] += 90
        picture[32:34, 14:34] += 90
    thing = np.clip(picture, 0, 255).astype(np.uint8)
    return Crop(thing, thing[::-1].copy() if not marked else None, 20.0, group, pasted)


def some(marked: bool, sources: int = 10) -> list[Crop]:
    """Two real and two pasted crops from every source; the pasted ones have the seam, or nobody has."""
    return [
        crop(pasted, f"{source}.jpg", 100 * source + 10 * number + pasted, marked=marked and pasted)
        for source in range(sources)
        for number in range(2)
        for pasted in (False, True)
    ]


@pytest.fixture
def by_features(monkeypatch: pytest.MonkeyPatch) -> None:
    """The quick scorer, as where PyTorch is not installed, and one round of it."""
    monkeypatch.setattr(judge, "find_spec", lambda name: None)
    monkeypatch.setattr(judge, "_REPEATS", 1)


def test_the_area_is_that_of_scikit_learn() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(2, size=200)
    scores = np.round(rng.normal(size=200) + labels, 1)  # with ties
    assert auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))
    assert judge._fast_auc(scores, labels) == pytest.approx(roc_auc_score(labels, scores))


def test_a_seam_is_found(by_features: None) -> None:
    found = judged(some(marked=True), seed=0)
    assert found.thing.auc > 0.95
    assert found.thing.low > 0.8
    assert (found.real, found.pasted, found.sources) == (20, 20, 10)
    assert found.by.startswith("features")


def test_where_there_is_no_seam_the_interval_holds_a_half(by_features: None) -> None:
    found = judged(some(marked=False, sources=16), seed=0)
    assert found.thing.low < 0.5 < found.thing.high
    assert found.floor is not None
    assert found.floor.low < 0.5 < found.floor.high


def test_the_same_seed_gives_the_same_verdict(by_features: None) -> None:
    assert judged(some(marked=True), seed=3) == judged(some(marked=True), seed=3)


def test_a_network_finds_the_seam_too(monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("torch")
    from curate.paste.artefacts import network

    monkeypatch.setattr(network, "_EPOCHS", 15)
    found = some(marked=True, sources=14)
    pictures = np.stack([c.thing for c in found])
    labels = np.array([c.pasted for c in found], np.int64)
    learnt = network.scores(pictures[:40], labels[:40], pictures[40:], seed=0)
    assert auc(learnt, labels[40:]) > 0.95
    again = network.scores(pictures[:40], labels[:40], pictures[40:], seed=0)
    assert np.array_equal(learnt, again)


def test_what_comes_from_one_photograph_is_in_one_fold() -> None:
    groups = np.array([f"{i % 12}" for i in range(60)])
    labels = np.array([i // 12 % 2 for i in range(60)])
    names = np.unique(groups)
    fold = judge._dealt(names, groups, labels, seed=0)
    assert len(fold) == len(names), "one fold a photograph"
    assert np.bincount(fold, minlength=FOLDS).tolist() == [3, 3, 2, 2, 2] or (
        np.bincount(fold, minlength=FOLDS).min() >= 2
    )


@pytest.mark.parametrize("sources", [0, 3])
def test_too_few_things_tell_nothing(sources: int) -> None:
    with pytest.raises(CurateError, match="too few to be told apart"):
        judged(some(marked=True, sources=sources), seed=0)


def test_what_was_pasted_is_told_also_where_it_cannot_be_judged(tmp_path: Path) -> None:
    labelled(tmp_path / "hands", "a", hand_picture(0), [VocObject("hand", hand_box(0))])
    image, box = stick(0.0)
    labelled(tmp_path / "smokes", "b", image, [VocObject("smoke", box)])
    words = [
        "paste",
        tmp_path / "hands",
        "--from",
        tmp_path / "smokes",
        "--onto",
        "hands",
        "--object",
        "smoke",
    ]
    answer = CliRunner().invoke(app, [*map(str, words), "--count=1", f"-o{tmp_path / 'out'}", "--artefacts"])
    assert answer.exit_code == 2
    assert answer.stdout.startswith("1 new image in ")
    assert "1 real and 1 pasted things from 1 photograph are too few to be told apart" in answer.stderr


# --- crops --------------------------------------------------------------------------------------------------


def put(root: Path, image: NDArray[np.uint8]) -> None:
    labelled(root, "a", image, [VocObject("x", (0, 0, 5, 5))])


def test_a_crop_shows_the_thing_and_a_rim_and_nothing_else(tmp_path: Path) -> None:
    image = np.full((200, 300, 3), 40, np.uint8)
    image[90:100, 140:160] = 220
    put(tmp_path, image)
    (found,) = crops([Where("JPEGImages/a.png", (140, 90, 160, 100), "a", False)], root=tmp_path)
    assert found.thing.shape == (SIDE, SIDE, 3)
    assert found.length == 20
    shown = (found.thing != 128).any(axis=2)
    rows, columns = np.flatnonzero(shown.any(axis=1)), np.flatnonzero(shown.any(axis=0))
    assert (rows[-1] - rows[0] + 1, columns[-1] - columns[0] + 1) == (10 + 6, 20 + 6)
    assert (found.thing[SIDE // 2, SIDE // 2] == 220).all()
    assert found.beside is not None
    assert (found.beside[SIDE // 2, SIDE // 2] == 40).all(), "the same size, beside the thing"


def test_a_large_thing_is_shrunk_and_a_tiny_one_left_out(tmp_path: Path) -> None:
    image = np.full((1280, 640, 3), 40, np.uint8)
    image[400:800, 100:500] = 220
    put(tmp_path, image)
    where = [
        Where("JPEGImages/a.png", (100, 400, 500, 800), "a", False),
        Where("JPEGImages/a.png", (0, 0, 18, 18), "a", True),  # 9 pixels at 640
        Where("JPEGImages/gone.png", (0, 0, 50, 50), "a", True),
    ]
    (found,) = crops(where, root=tmp_path)
    assert found.length == pytest.approx(36)


def test_pasted_crops_are_chosen_by_the_sizes_of_real_ones() -> None:
    def sized(length: float, pasted: bool) -> Crop:
        return Crop(np.zeros((SIDE, SIDE, 3), np.uint8), None, length, "a", pasted)

    found = alike([sized(20, False), *(sized(v, True) for v in (19, 21, 22, 35, 36))], seed=0)
    assert sorted(c.length for c in found if c.pasted) == [19, 21, 22]


def test_a_run_of_curate_paste_is_judged(tmp_path: Path, by_features: None) -> None:
    hands, smokes, out = tmp_path / "hands", tmp_path / "smokes", tmp_path / "out"
    for i in range(4):
        labelled(hands, f"手{i}", hand_picture(5 * i), [VocObject("hand", hand_box(5 * i))])
    for i in range(9):
        image, box = stick(0.3 * i - 1)
        labelled(smokes, str(i), image, [VocObject("smoke", box)])
    run(hands, onto=["hands"], name="smoke", source=smokes, count=20, out=out)
    found = paste_artefacts.run(out, hands, smokes)
    assert found.real == 9
    assert found.pasted >= 8
    text = paste_artefacts.describe(found)
    assert f"AUC {found.thing.auc:.2f}" in text
    assert paste_artefacts.as_object(found)["real"] == 9


def test_features_of_an_empty_crop_are_numbers() -> None:
    grey = np.full((4, SIDE, SIDE, 3), 128, np.uint8)
    scores = features.scores(grey, np.array([0, 1, 0, 1]), grey, seed=0)
    assert np.isfinite(scores).all()
