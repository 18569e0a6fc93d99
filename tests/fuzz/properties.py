"""What must hold of any input: no crash, no hang, nothing lost, nothing written, no terminal steered."""

from __future__ import annotations

import io
import os
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from hypothesis import strategies as st

from curate.commands import undo, validate
from curate.errors import CurateError
from curate.formats.classlist import parse_class_file
from curate.formats.images import facts_of_bytes
from curate.formats.orientation import upright
from curate.formats.voc import HEADER_COLUMNS, OBJECT_COLUMNS, PROBLEM_COLUMNS, facts
from curate.formats.voc_document import parse
from curate.formats.yolo import parse as parse_labels
from curate.report.formats import OutputFormat, Printing, write_report
from curate.report.model import Report
from tests.fuzz import inputs

SECONDS = 10.0  # of processor time for a few kilobytes; what is quadratic or exponential in them takes longer
STEERING = set(map(chr, [*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F)]))


def annotation(raw: bytes) -> None:
    """Any bytes are an annotation file: its facts fit the tables, and its text is its bytes again."""
    with in_time():
        document = parse(raw)
        found = facts(document)
    assert document.to_bytes(document.text) == raw
    assert len(found.header) == len(HEADER_COLUMNS)
    assert all(len(row) == len(OBJECT_COLUMNS) for row in found.objects)
    assert all(len(row) == len(PROBLEM_COLUMNS) for row in found.problems)
    for value in (cell for row in (found.header, *found.objects, *found.problems) for cell in row):
        if isinstance(value, str):
            value.encode()  # no lone surrogate, which no table takes


def image(content: bytes) -> None:
    """Any bytes are an image file: it has a size or a problem, and making it upright keeps its length."""
    with in_time():
        known = facts_of_bytes(content)
        changes = upright(content)
    assert known.problem is not None or (known.width and known.height)
    assert 1 <= known.orientation <= 8
    for change in changes:
        assert 0 <= change.start < change.end <= len(content)
        assert len(change.new) == change.end - change.start


def class_list(name: str, content: bytes) -> None:
    """Any bytes are a class list: names that tables accept, each once."""
    with in_time():
        names = parse_class_file(name, content)
    assert len(set(names)) == len(names)
    "".join(names).encode()


def label_file(text: str) -> None:
    """Any text is a label file: each of its rows holds a box or says what is wrong."""
    with in_time():
        rows = parse_labels(text)
    assert all(row.xyxy is not None or row.problem for row in rows)


def folder(files: Mapping[str, bytes]) -> None:
    """Any folder can be validated, printed, repaired and taken back, and is then what it was."""
    with tempfile.TemporaryDirectory() as place:
        root = Path(place)
        for name, content in files.items():
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            (root / name).write_bytes(content)
        survives(root)


def names(found: list[bytes]) -> None:
    """Whatever files are called, they are read, named on one line, and repaired like others."""
    with tempfile.TemporaryDirectory() as place:
        root = os.fsencode(place)
        for number, name in enumerate(found):
            suffix, content = ((b".xml", inputs.ANNOTATION.encode()), (b".jpg", inputs.picture()))[number % 2]
            with open(root + b"/" + name + suffix, "wb") as stream:  # noqa: PTH123 - a name as bytes
                stream.write(content)
        survives(Path(place))


def survives(root: Path) -> None:
    """Validate, print in every format, repair, take back."""
    before = contents(root)
    with in_time(), suppressed() as refused:
        report = validate.run(root, workers=1)
        check_printed(report)
    assert contents(root) == before, "validate wrote into the data set"
    if refused or report.format != "voc":
        return
    with in_time(), suppressed():
        validate.run(root, fix=True, unsafe_fixes=True, workers=1)
    while undo.run(root):
        pass
    assert contents(root) == before


def check_printed(report: Report) -> None:
    """Nothing that is printed steers a terminal; a finding stays one line."""
    for output_format in OutputFormat:
        stream = io.StringIO()
        write_report(report, stream, output_format, Printing(target="data", show_info=True))
        bad = STEERING & set(stream.getvalue())
        assert not bad, f"{output_format.value} prints {bad}"


def contents(root: Path) -> dict[bytes, bytes]:
    """Every file but ours (journal and cache), with its bytes."""
    found = {}
    for place, folders, files in os.walk(os.fsencode(root)):
        folders[:] = [name for name in folders if name != b".curate"]
        for name in files:
            if os.path.islink(os.path.join(place, name)):  # noqa: PTH114, PTH118 - names as bytes
                continue
            with open(os.path.join(place, name), "rb") as stream:  # noqa: PTH118, PTH123 - names as bytes
                found[os.path.join(place, name)] = stream.read()  # noqa: PTH118
    return found


@contextmanager
def in_time() -> Iterator[None]:
    """Fails where the block took more than SECONDS of processor time."""
    start = time.process_time()
    yield
    taken = time.process_time() - start
    assert taken < SECONDS, f"took {taken:.1f} s"


@contextmanager
def suppressed() -> Iterator[list[CurateError]]:
    """A refusal in words is an answer; it is put into the list that the block is given."""
    refused: list[CurateError] = []
    try:
        yield refused
    except CurateError as error:
        refused.append(error)


class Property(NamedTuple):
    """Arguments of a check, and the check."""

    arguments: tuple[st.SearchStrategy[Any], ...]
    holds: Callable[..., None]


PROPERTIES: dict[str, Property] = {
    "annotation": Property((inputs.ANNOTATIONS,), annotation),
    "image": Property((inputs.IMAGES,), image),
    "class-list": Property(
        (st.sampled_from(("classes.txt", "data.yaml", "labelmap.txt")), inputs.LISTS | inputs.YAMLS),
        class_list,
    ),
    "label-file": Property((inputs.LABELS.map(lambda raw: raw.decode("latin-1")),), label_file),
    "voc-folder": Property((inputs.voc_folders(),), folder),
    "yolo-folder": Property((inputs.yolo_folders(),), folder),
    "coco-folder": Property((inputs.coco_folders(),), folder),
    "names": Property((inputs.NAMES,), names),
}
