"""The report does not depend on the way to it: short cuts, workers, the cache, or others who run beside."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from curate import cli
from curate.formats import images, voc_shard
from curate.formats.image_headers import ImageFacts
from tests.conftest import REPO
from tests.curate.rules.museum import MUSEUM, write
from tests.curate.sets import picture, put
from tests.curate.test_voc_plain import LABELIMG, OBJECT

YEAR = 365 * 24 * 3600


# --- short cuts for files that are plain --------------------------------------------------------------------


@pytest.fixture(scope="module")
def museum(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Everything that can be wrong with a VOC folder, in one."""
    root = tmp_path_factory.mktemp("博物馆")
    for number, exhibit in enumerate(MUSEUM):
        write(exhibit.broken, root / f"{number:03}")
    return root


def report(root: Path) -> str:
    """The findings with line and column, and what trainers would see."""
    words = ["validate", str(root), "--output-format", "json", "--workers", "1", "--no-cache", "--show-info"]
    return CliRunner().invoke(cli.app, words).stdout


def long_way(descriptor: int, size: int) -> ImageFacts:
    return images.read_header(partial(images._read_at, descriptor), size)


def test_with_and_without_short_cuts_every_finding_has_the_same_words_line_and_column(
    museum: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    together: list[int] = []
    really = voc_shard.blocks

    def blocks(files: dict[int, bytes]) -> list[voc_shard.Block]:
        found = really(files)
        together.extend(len(block.files) for block in found)
        return found

    monkeypatch.setattr(voc_shard, "blocks", blocks)
    quick = report(museum)
    findings = json.loads(quick)["findings"]
    assert len({finding["code"] for finding in findings}) > 40
    assert sum(together) > 40, "files that were read together"
    monkeypatch.setattr(voc_shard, "blocks", lambda files: [])
    assert report(museum) == quick, "one by one"
    monkeypatch.setattr(voc_shard, "plain_file", lambda raw: None)
    monkeypatch.setattr(voc_shard, "facts_of_open_file", long_way)
    assert report(museum) == quick, "by the parser, and all image headers segment by segment"


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_the_short_way_through_a_jpeg_says_what_the_long_way_says(
    tmp_path_factory: pytest.TempPathFactory, data: st.DataObject
) -> None:
    content = bytearray(JPEG)
    for _ in range(data.draw(st.integers(0, 3))):
        content[data.draw(st.integers(0, 200))] = data.draw(st.integers(0, 255))
    end = data.draw(st.sampled_from([len(content), len(content) - 1, 30, 4, 2, 0]))
    path = tmp_path_factory.getbasetemp() / "changed.jpg"
    path.write_bytes(content[:end] + data.draw(st.sampled_from([b"", b"\xff\xd9", b"x"])))
    descriptor = os.open(path, os.O_RDONLY)
    try:
        size = os.fstat(descriptor).st_size
        assert images.facts_of_open_file(descriptor, size) == long_way(descriptor, size)
    finally:
        os.close(descriptor)


JPEG = picture()


# --- workers, the cache, others -----------------------------------------------------------------------------


@pytest.fixture(scope="module")
def large(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """1,050 pairs, so that workers are worth it; boxes outside, files that are cut, files of another form."""
    root = tmp_path_factory.mktemp("大") / "数据 集"
    original = put(root.parent / "original.jpg", picture(100, 50))
    start = LABELIMG.index("\n\t<object>")
    (root / "JPEGImages").mkdir(parents=True)
    for number in range(1050):
        objects = "".join(OBJECT.format(name="手", x=n + 1) for n in range(number % 4))
        text = f"{LABELIMG[:start]}{objects}\n</annotation>\n"
        if number % 50 == 7:
            text = text.replace("<xmax>", "<xmax>9")
        if number % 50 == 8:
            text = text.replace("\t", "  ")
        content = text.encode()[: 300 if number % 100 == 9 else None]
        path = put(root / "Annotations" / f"图 {number:04}.xml", content)
        os.utime(path, (path.stat().st_mtime - YEAR,) * 2)
        (root / "JPEGImages" / f"图 {number:04}.jpg").hardlink_to(original)
    os.utime(original, (original.stat().st_mtime - YEAR,) * 2)
    return root


def begun(root: Path, *words: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "curate", "validate", str(root), "--output-format", "json", *words],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=REPO,
    )


def ended(process: subprocess.Popen[str]) -> str:
    out, err = process.communicate(timeout=120)
    assert process.returncode == 1 and "Traceback" not in err, err
    return out


def test_any_number_of_workers_and_any_state_of_the_cache_print_the_same_bytes(large: Path) -> None:
    first = ended(begun(large, "--no-cache"))
    assert {f["code"] for f in json.loads(first)["findings"]} >= {"BOX002", "XML002"}
    assert not (large / ".curate").exists()
    for words in (
        ["--no-cache", "--workers", "1"],
        ["--no-cache", "--workers", "3"],
        [],
        [],
        ["--workers", "2"],
    ):
        assert ended(begun(large, *words)) == first, words


def test_processes_that_run_at_once_all_say_the_same_and_leave_a_cache_that_does(large: Path) -> None:
    told = ended(begun(large, "--no-cache"))
    for _ in range(2):
        (large / ".curate" / "cache" / "facts").unlink(missing_ok=True)
        (large / ".curate" / "cache" / "answer").unlink(missing_ok=True)
        assert {ended(process) for process in [begun(large) for _ in range(3)]} == {told}
        assert ended(begun(large)) == told
    assert not list((large / ".curate" / "cache").glob("*.tmp"))


def test_a_change_made_between_two_runs_is_told_at_once(large: Path) -> None:
    before = ended(begun(large))
    path = large / "Annotations" / "图 0003.xml"
    content = path.read_bytes()
    try:
        path.write_bytes(content.replace("手".encode(), b"ab "))  # as many bytes
        os.utime(path, (path.stat().st_mtime - YEAR,) * 2)  # and as old as ever
        after = ended(begun(large))
        assert after != before and after == ended(begun(large, "--no-cache"))
    finally:
        path.write_bytes(content)
