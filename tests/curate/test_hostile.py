"""Hostile input: nothing crashes, hangs, fills the memory, leaves the folder or steers the terminal.

The properties try a little of what `python -m tests.fuzz` tries for hours; the cases with names are what it,
or a person, has found.
"""

from __future__ import annotations

import errno
import json
import os
import socket
import stat
import struct
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import cv2
import pytest
from hypothesis import HealthCheck, given, settings

from curate.commands import undo, validate
from curate.errors import CurateError, NotADataset
from curate.formats import cache, markup
from curate.formats.classlist import parse_class_file
from curate.formats.encoding import decode
from curate.formats.images import MAX_PIXELS, decode_pixels, facts_of_bytes
from curate.formats.voc import facts
from curate.formats.voc_document import MAX_BYTES, MAX_LINES, parse
from curate.report.languages import translator
from curate.report.model import Report
from curate.rules import img001_image_missing
from tests.conftest import REPO
from tests.curate.sets import picture, put, put_voc
from tests.fuzz import inputs, timings
from tests.fuzz.properties import PROPERTIES, contents, survives

GOOD = inputs.ANNOTATION
BOMB = (
    '<?xml version="1.0"?><!DOCTYPE lolz [<!ENTITY a "lol">'
    + "".join(f'<!ENTITY {b} "{f"&{a};" * 10}">' for a, b in zip("abcdefghi", "bcdefghij", strict=True))
    + "]><annotation><folder>&j;</folder></annotation>"
)


def tried(examples: int) -> Callable[[Callable[..., None]], Callable[..., None]]:
    """The same examples in every run, so that a failure is not a matter of luck; the long run has others."""
    return settings(
        max_examples=examples,
        derandomize=True,
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
    )


# name -> how many examples fit the patience of everybody who runs the tests
EXAMPLES = {"annotation": 200, "image": 250, "class-list": 100, "label-file": 100} | {
    "voc-folder": 6,
    "yolo-folder": 8,
    "coco-folder": 10,
    "names": 5,
}


@pytest.mark.parametrize("name", PROPERTIES)
def test_whatever_is_read_the_property_holds(name: str) -> None:
    each = PROPERTIES[name]
    tried(EXAMPLES[name])(given(*each.arguments)(each.holds))()


def voc(root: Path, **annotations: str | bytes) -> Path:
    """A labelled photograph that is right, and annotations that are not, each with its photograph."""
    put_voc(root, {"good": [("hand", (5, 5, 30, 30))]})
    for number, (stem, content) in enumerate(annotations.items(), start=1):
        put(root / "Annotations" / f"{stem}.xml", content)
        put(root / "JPEGImages" / f"{stem}.jpg", picture(number=number))
    return root


def codes(report: Report, stem: str) -> set[str]:
    """What is said of one annotation or image; infos about the whole set aside."""
    return {finding.code for finding in report.findings if Path(finding.path).stem == stem}


def good_is_seen(report: Report) -> bool:
    """Whether the pair that is right was checked and counted in spite of its neighbours."""
    return report.trainer_sees.images_seen >= 1 and not {"XML010", "IMG004"} & codes(report, "good")


# --- entities ---------------------------------------------------------------------------------------------


def test_a_billion_laughs_are_not_laughed(tmp_path: Path) -> None:
    start = time.process_time()
    report = validate.run(voc(tmp_path, a=BOMB))
    assert time.process_time() - start < 5
    assert "SEC001" in codes(report, "a") and good_is_seen(report)


def test_one_long_entity_that_is_named_often_is_a_bomb_as_well(tmp_path: Path) -> None:
    # 100,000 characters, 1,000 times: 10^8 from a file of 10^5 bytes
    subset, inside = f'<!ENTITY x "{"x" * 100_000}">', "&x;" * 1000
    text = f"<!DOCTYPE a [{subset}]><annotation><folder>{inside}</folder></annotation>"
    (bomb,) = (p for p in parse(text.encode()).problems if p.kind == "entity-expansion")
    assert bomb.detail == "entities that expand to 100,000,000 characters"
    assert "SEC001" in codes(validate.run(voc(tmp_path, a=text)), "a")


def test_an_entity_that_is_named_twice_is_no_bomb() -> None:
    text = '<!DOCTYPE a [<!ENTITY who "dog">]><annotation><name>&who;&who;</name></annotation>'
    assert [problem.kind for problem in parse(text.encode()).problems] == ["doctype"]


SPY = """
import json, os, sys
touched = []
def hook(event, arguments):
    if event.startswith("socket.") and event not in ("socket.__new__", "socket.gethostname"):
        touched.append([event, repr(arguments)])
    elif event == "open" and isinstance(arguments[0], (str, bytes)):
        path, mode, flags = os.fsdecode(arguments[0]), arguments[1], arguments[2]
        writes = bool(flags & (os.O_WRONLY | os.O_RDWR | os.O_CREAT))
        if path.startswith(secret) or (writes and not path.startswith(data) and path != os.devnull):
            touched.append([event, path])
    elif event in ("os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.link", "os.symlink", "os.truncate"):
        within = any(isinstance(a, int) and a > 2 for a in arguments)  # a name in a folder that is open
        if not within and not all(str(a).startswith(data) for a in arguments if isinstance(a, str)):
            touched.append([event, repr(arguments)])
    elif event in ("subprocess.Popen", "os.system", "os.exec", "os.posix_spawn"):
        touched.append([event, repr(arguments)])
data, secret = sys.argv[1:3]
from pathlib import Path
from curate.commands import undo, validate
from curate.errors import CurateError
import cv2, polars, lxml.etree
sys.addaudithook(hook)
for options in ({}, {"diff": True}, {"fix": True, "unsafe_fixes": True}):
    validate.run(Path(data), workers=1, **options)
while undo.run(Path(data)):
    pass
print(json.dumps(touched))
"""


def test_nothing_outside_the_folder_is_opened_and_nobody_is_called(tmp_path: Path) -> None:
    calls = []

    class Listener(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            calls.append(self.path)

    server = HTTPServer(("127.0.0.1", 0), Listener)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    secret = tmp_path / "secret"
    secret.mkdir()
    (secret / "file").write_text("password")
    os.mkfifo(secret / "trap")  # whoever opens it, be it in C where no audit hook sees it, waits for ever
    url = f"http://127.0.0.1:{server.server_port}"
    data = voc(
        tmp_path / "data",
        **{
            f"x{number}": f"<!DOCTYPE a {inner}><annotation k='&amp;'><folder>&x;</folder></annotation>"
            for number, inner in enumerate(
                [
                    f'[<!ENTITY x SYSTEM "file://{secret}/file">]',
                    f'[<!ENTITY x SYSTEM "{secret}/trap">]',
                    f'[<!ENTITY x PUBLIC "p" "{url}/x">]',
                    f'[<!ENTITY % p SYSTEM "{url}/p.dtd"> %p;]',
                    f'SYSTEM "{secret}/trap"',
                    f'SYSTEM "{url}/dtd"',
                    f'[<!NOTATION n SYSTEM "{secret}/trap"><!ENTITY x SYSTEM "{secret}/trap" NDATA n>]',
                ]
            )
        },
        inclusion=f'<annotation xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include href="{secret}/trap"/>'
        "</annotation>",
        sheet=f'<?xml version="1.0"?><?xml-stylesheet href="{secret}/trap"?><annotation/>',
        named=GOOD.replace("a.jpg", f"{secret}/file"),
        climbing=GOOD.replace("a.jpg", "../../secret/file"),
    )
    (data / "Annotations" / "link.xml").symlink_to(secret / "file")
    (data / "JPEGImages" / "link.jpg").symlink_to(secret / "trap")
    put(data / "ImageSets" / "Main" / "train.txt", f"good\n{secret}/file\n../../secret/file\n")
    done = subprocess.run(
        [sys.executable, "-B", "-c", SPY, str(data), str(secret)],
        cwd=REPO,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    server.shutdown()
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == []
    assert calls == []


# --- size -------------------------------------------------------------------------------------------------


def test_more_objects_than_any_picture_has_are_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(markup, "MAX_ELEMENTS", 2000)
    report = validate.run(voc(tmp_path, a=f"<annotation>{'<object><name>hand</name></object>' * 5000}"))
    assert "SEC004" in codes(report, "a") and good_is_seen(report)


@pytest.mark.slow
def test_a_million_objects_in_one_file_hold_nothing_up(tmp_path: Path) -> None:
    start = time.process_time()
    report = validate.run(voc(tmp_path, a=f"<annotation>{'<object><name>a</name></object>' * 1_000_000}"))
    assert time.process_time() - start < 120
    assert "SEC004" in codes(report, "a") and good_is_seen(report)


def test_a_hundred_thousand_nested_elements_hold_nothing_up(tmp_path: Path) -> None:
    report = validate.run(voc(tmp_path, a="<annotation>" + "<object>" * 100_000))
    assert "SEC004" in codes(report, "a") and good_is_seen(report)


def test_a_file_larger_than_memory_is_not_read(tmp_path: Path) -> None:
    names = ["Annotations/a.xml", "ImageSets/Main/train.txt", "classes.txt", "data.yaml", "JPEGImages/a.jpg"]
    root = voc(tmp_path)
    for name in names:
        put(root / name, picture()[:-2] if name.endswith(".jpg") else b"<annotation>")
        os.truncate(root / name, 1 << 40)  # sparse: it takes no room on the disk
    start = time.process_time()
    report = validate.run(root)
    assert time.process_time() - start < 10
    assert {"SEC004", "IMG003"} <= codes(report, "a") and good_is_seen(report)
    assert ("ImageSets/Main/train.txt", "a list that cannot be read") in report.skipped


def test_a_hundred_megabytes_of_one_text_are_oversized() -> None:
    document = parse(b"<annotation><name>" + b"a" * (100 << 20))
    assert [(p.kind, p.detail) for p in document.problems] == [
        ("oversized", f"{(100 << 20) + 18:,} bytes, more than {MAX_BYTES:,}")
    ]


def test_millions_of_lines_are_oversized_and_not_counted_one_by_one() -> None:
    (problem,) = parse(b"<annotation>" + b"\n" * (MAX_LINES + 1) + b"</annotation>").problems
    assert problem.kind == "oversized"


def test_a_label_file_of_a_million_rows_is_oversized(tmp_path: Path) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    put(tmp_path / "labels" / "a.txt", "0 .5 .5 .1 .1\n" * 1_000_000)
    put(tmp_path / "images" / "b.jpg", picture(number=1))
    put(tmp_path / "labels" / "b.txt", "0 .5 .5 .1 .1\n")
    report = validate.run(tmp_path)
    assert "SEC004" in codes(report, "a")
    assert report.trainer_sees.images_seen == 1


@pytest.mark.parametrize("name", timings.FILLERS)
def test_texts_made_to_take_long_take_no_longer_than_others(name: str) -> None:
    start = time.process_time()
    timings.read_annotation(timings.text(name, 60_000))
    assert time.process_time() - start < 5  # what is quadratic in so many characters takes minutes


@pytest.mark.parametrize("unit", ["a:", "a\t", "香", ":,,,", " ", "#\n", "\r"])
def test_class_lists_made_to_take_long_take_no_longer_than_others(unit: str) -> None:
    start = time.process_time()
    timings.read_list(unit * (200_000 // len(unit)))
    assert time.process_time() - start < 5


def test_a_thousand_defects_in_one_file_are_found_and_repaired_in_good_time(tmp_path: Path) -> None:
    # each finding used to parse the file anew
    objects = "<Object><Name>A & B</Name><bndbox><xmin>1,5</xmin></bndbox></Object>\n" * 1000
    root = voc(tmp_path, a=f"<annotation>\n{objects}</annotation>\n")
    before = contents(root)
    start = time.process_time()
    validate.run(root, fix=True, unsafe_fixes=True)
    assert time.process_time() - start < 60
    undo.run(root)
    assert contents(root) == before


# --- images -----------------------------------------------------------------------------------------------


def png(width: int, height: int, *chunks: bytes) -> bytes:
    head = struct.pack(">II", width, height) + b"\x08\x02\0\0\0"
    return b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13) + b"IHDR" + head + bytes(4) + b"".join(chunks)


END = b"\0\0\0\0IEND\xaeB`\x82"


def test_an_image_that_claims_ten_thousand_million_pixels_is_named_and_never_decoded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = voc(tmp_path, a=GOOD)
    (root / "JPEGImages" / "a.jpg").unlink()
    put(root / "JPEGImages" / "a.png", png(100_000, 100_000, END, b"junk"))

    def never(*_: object) -> None:
        raise AssertionError("decoded")

    monkeypatch.setattr(cv2, "imdecode", never)
    report = validate.run(root)
    (finding,) = (f for f in report.findings if f.code == "SEC004")
    assert (finding.path, finding.message) == (
        "JPEGImages/a.png",
        "the image claims 100,000 x 100,000 pixels",
    )
    assert good_is_seen(report)


def test_what_does_not_tell_its_size_is_not_decoded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cv2, "imdecode", None)  # a call would raise TypeError
    pixels = b"P6 30000 30000 255\n"  # a format that OpenCV reads and we do not
    assert decode_pixels(pixels) is None
    side = int(MAX_PIXELS**0.5) + 1
    assert decode_pixels(png(side, side, END)) is None
    assert decode_pixels(png(0, 5, END)) is None


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (png(0, 5, END), "no-header"),
        (png(7, 5) + b"\xff\xff\xff\xffeXIf" + b"II*\0\x08\0\0\0", "truncated"),
        (b"II*\0\xff\xff\xff\xff", "truncated"),
        (b"II*\0\x08\0\0\0\xff\xff" + b"\0" * 40, "no-header"),
        (b"II*\0\0\0\0\0", "no-header"),  # its directory is its own header
        (b"RIFF\xff\xff\xff\xffWEBPVP8X", "no-header"),
        (b"\0\0\0\0ftypheic" + b"\0\0\0\0meta" * 10, "no-header"),
        (b"\xff\xd8" + b"\xff\xe0\0\x02" * 1000, "no-header"),
        (b"\xff\xd8" + b"\xff" * 10_000, "no-header"),
        (b"\xff\xd8\xff\xe1\0\0", "no-header"),
        (b"GIF89a\0\0\0\0;", "no-header"),
        (b"BM" + b"\xff" * 60, "not-an-image"),
    ],
)
def test_headers_made_to_lead_astray_have_a_problem(content: bytes, problem: str) -> None:
    assert facts_of_bytes(content).problem == problem


def test_an_exif_segment_shorter_than_its_own_header_is_no_reading_of_minus_six_bytes(tmp_path: Path) -> None:
    jpeg = picture()
    put(tmp_path / "a.jpg", jpeg[:2] + b"\xff\xee\x1f\xff" + bytes(0x1FFD) + b"\xff\xe1\0\x02" + jpeg[2:])
    put(tmp_path / "a.xml", GOOD)
    assert "IMG004" not in codes(validate.run(tmp_path), "a")


def test_the_first_of_two_sizes_in_a_tiff_counts_as_for_decoders() -> None:
    entries = [(256, 4, 1, 30_000), (256, 4, 1, 10), (257, 4, 1, 30_000), (257, 4, 1, 10)]
    body = b"".join(struct.pack("<HHII", *entry) for entry in entries)
    facts_of = facts_of_bytes(b"II*\0\x08\0\0\0" + struct.pack("<H", len(entries)) + body + bytes(4))
    assert (facts_of.width, facts_of.height) == (30_000, 30_000)


# --- files that are none, and links -----------------------------------------------------------------------


def test_pipes_sockets_devices_and_links_are_named_and_never_waited_for(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root, outside = voc(tmp_path / "data"), put(tmp_path / "outside.xml", GOOD)
    notes = root / "Annotations"
    os.mkfifo(notes / "pipe.xml")
    with socket.socket(socket.AF_UNIX) as server, monkeypatch.context() as patch:
        patch.chdir(notes)  # a socket's path may have 107 bytes, and the test's folder alone may be longer
        server.bind("socket.xml")
    (notes / "zero.xml").symlink_to("/dev/zero")
    (notes / "out.xml").symlink_to(outside)
    (notes / "nowhere.xml").symlink_to("nothing")
    (notes / "loop.xml").symlink_to("loop.xml")
    (notes / "pipe-link.xml").symlink_to("pipe.xml")
    (root / "again").symlink_to(root)
    (notes / "in.xml").symlink_to("good.xml")
    report = validate.run(root)
    assert dict(report.skipped) == {
        "Annotations/loop.xml": "a link that leads in a circle",
        "Annotations/nowhere.xml": "a link to nothing",
        "Annotations/out.xml": "a link that leaves the folder",
        "Annotations/pipe-link.xml": "a link to a named pipe",
        "Annotations/pipe.xml": "a named pipe",
        "Annotations/socket.xml": "a socket",
        "Annotations/zero.xml": "a link that leaves the folder",
        "again": "a link to a folder, and such links are not followed",
    }
    assert good_is_seen(report)


@pytest.mark.parametrize("layout", ["yolo", "coco"])
def test_other_formats_name_what_they_leave_aside_too(tmp_path: Path, layout: str) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    if layout == "yolo":
        put(tmp_path / "labels" / "a.txt", "0 .5 .5 .1 .1\n")
    else:
        put(tmp_path / "a.json", json.dumps({"images": [{"id": 1, "file_name": "a.jpg"}], "annotations": []}))
    os.mkfifo(tmp_path / "pipe")
    report = validate.run(tmp_path)
    assert (report.format, report.skipped) == (layout, (("pipe", "a named pipe"),))


def test_a_folder_of_links_to_folders_says_why_it_is_empty(tmp_path: Path) -> None:
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "JPEGImages").symlink_to(tmp_path)
    with pytest.raises(NotADataset, match="JPEGImages, a link that leaves the folder"):
        validate.run(tmp_path / "data")


def test_files_that_cannot_be_read_are_findings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = voc(tmp_path, a=GOOD, b=GOOD)
    closed = {str(root / "Annotations" / "a.xml"), str(root / "JPEGImages" / "b.jpg")}
    opened = os.open

    def refuse(path: str | os.PathLike[str], *rest: int, **more: int) -> int:
        # the tests may run as root, whom permissions do not stop
        if os.fspath(path) in closed:
            raise PermissionError(errno.EACCES, "Permission denied", os.fspath(path))
        return opened(path, *rest, **more)

    monkeypatch.setattr(os, "open", refuse)
    report = validate.run(root)
    messages = [finding.message for finding in report.findings if finding.code in ("XML010", "IMG004")]
    assert messages[0] == "cannot be read: Permission denied"
    assert messages[1] == "the file cannot be read: Permission denied"
    assert translator("zh").of_rule("IMG004", messages[1]) == "文件无法读取：没有权限"
    assert good_is_seen(report)


@pytest.fixture
def deep(tmp_path: Path) -> Iterator[Path]:
    """A folder with 1,500 folders in one another, made and unmade step by step: nobody else can."""
    here = Path.cwd()
    os.chdir(tmp_path)
    for _ in range(1500):
        Path("d").mkdir()
        os.chdir("d")
    Path("deep.jpg").write_bytes(picture(number=9))
    os.chdir(here)
    yield tmp_path
    os.chdir(tmp_path)
    for _ in range(1500):
        os.chdir("d")
    Path("deep.jpg").unlink()
    for _ in range(1500):
        os.chdir("..")
        Path("d").rmdir()
    os.chdir(here)


def test_folders_nested_deeper_than_python_calls_are_listed(deep: Path) -> None:
    report = validate.run(voc(deep))
    assert good_is_seen(report)
    assert "IMG002" in codes(report, "deep")  # the photograph at the bottom has no annotation


def test_a_folder_name_that_is_too_long_is_refused_in_words(tmp_path: Path) -> None:
    with pytest.raises(NotADataset, match="cannot be looked at"):
        validate.run(tmp_path / ("n" * 5000))


def test_ten_thousand_files_in_one_folder(tmp_path: Path) -> None:
    root = voc(tmp_path)
    for number in range(10_000):
        (root / "JPEGImages" / f"{number}.jpg").touch()
    report = validate.run(root)
    assert sum(finding.code == "IMG004" for finding in report.findings) == 10_000
    assert good_is_seen(report)


# --- names and the terminal -------------------------------------------------------------------------------

ODD_NAMES = [
    b"line\nbreak",
    b"tab\tname",
    b"\x1b[2J\x1b]0;title\x07",
    "\u009b31m".encode(),
    "\u202egpj.exe".encode(),
    "香烟".encode("gbk"),
    "\uf7a0".encode(),
    b"n" * 251,
    b"-rf",
    b"%0A::error::",
]
STEERING = [*range(0x09), *range(0x0B, 0x20), *range(0x7F, 0xA0), *range(0x202A, 0x202F)]


@pytest.fixture(scope="module")
def oddly_named(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Annotations and a YAML with names and texts that would steer a terminal."""
    root = tmp_path_factory.mktemp("odd")
    for name in ODD_NAMES:
        with open(os.fsencode(root) + b"/" + name + b".xml", "wb") as stream:  # noqa: PTH123 - bytes
            stream.write(GOOD.replace("手", "&#x9b;31m\x1b[2J\u202e").encode())
    put(root / "project.xml", "<\x1b[2J></\x1b[2J>")
    (root / "\x1b[2J").symlink_to("nothing")
    put(root / "classes.txt", "hand\n\x1b[2J\n")
    return root


@pytest.mark.parametrize(
    "options", ["full", "concise", "grouped", "json", "jsonl", "github", "junit", "--diff"]
)
def test_no_name_and_no_text_steers_the_terminal(oddly_named: Path, options: str) -> None:
    asked = [options] if options == "--diff" else ["--output-format", options]
    done = subprocess.run(
        [sys.executable, "-m", "curate", "validate", str(oddly_named), *asked],
        cwd=REPO,
        capture_output=True,
        check=False,
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
    )
    assert done.returncode == 1, done.stderr
    shown = (done.stdout + done.stderr).decode()
    assert not set(shown) & set(map(chr, STEERING)) - {"\t"}
    assert r"\x1b[2J" in shown or r"\u001b[2J" in shown or r"\\x1b[2J" in shown


def test_files_with_odd_names_are_read_repaired_and_taken_back(oddly_named: Path) -> None:
    survives(oddly_named)


# --- the disk ---------------------------------------------------------------------------------------------


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="only Linux has a disk that is always full")
def test_a_full_disk_behind_stdout_is_told_in_one_line(tmp_path: Path) -> None:
    root = voc(tmp_path)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "curate", "validate", str(root)],
            cwd=REPO,
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.startswith("error: ") and "No space left on device" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_full_disk_while_repairing_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = voc(tmp_path, a=GOOD.encode("gbk"))
    before = contents(root)
    room = 2  # files that still fit

    def full(descriptor: int) -> None:
        nonlocal room
        room -= stat.S_ISREG(os.fstat(descriptor).st_mode)
        if room < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(CurateError, match="No space left on device"):
        validate.run(root, fix=True)
    monkeypatch.undo()
    assert contents(root) == before
    assert undo.run(root) is None


def test_thousands_of_missing_images_are_not_each_compared_with_thousands(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    compared: list[int] = []
    monkeypatch.setattr(img001_image_missing, "COMPARISONS", 100)
    monkeypatch.setattr(
        img001_image_missing, "_similar", lambda _, rivals: compared.append(len(rivals)) or []
    )
    for letter in "abcdefghijklmnopqrst":  # 20 annotations and 20 images: 400 pairs
        put(tmp_path / f"left_{letter}.xml", GOOD)
        put(tmp_path / f"right_{letter}.jpg", b"")
    report = validate.run(tmp_path, select=["IMG001"])
    assert sum(compared) == 100
    assert len(report.findings) == 20


# --- found by the fuzzer, or by reading with its eyes -----------------------------------------------------


@pytest.mark.parametrize(
    "codec", ["unicode_escape", "raw_unicode_escape", "punycode", "idna", "hex", "x" * 5000, "a\0b"]
)
def test_a_declared_codec_of_python_is_no_encoding(codec: str) -> None:
    # raw_unicode_escape made lone surrogates, which no table takes
    raw = f"<?xml version='1.0' encoding='{codec}'?><annotation><folder>\\ud800".encode() + b"\xe9</folder>"
    for row in (facts(parse(raw)).header,):
        [value.encode() for value in row if isinstance(value, str)]
    assert decode(raw).encode(decode(raw).text) == raw


@pytest.mark.parametrize(
    ("yaml", "names"),
    [
        ("names: [on, 1, 2024-13-45]", ("on", "1", "2024-13-45")),
        ('names: {"²": x, 1: b, 0: a}', ("a", "b")),  # "²".isdigit(), but int("²") raises
        ("names: {" + "9" * 5000 + ": x}", ()),
        ("names: " + "1:" * 300 + "1.5", ()),  # a float in base 60: OverflowError in PyYAML
        ("a: &a [x]\nnames: [*a, hand]", ("hand",)),
        ("a: &a [*a]\nnames: [*a, hand]", ()),  # a list that holds itself
        ("[" * 2000, ()),  # deeper than Python calls
        ("names: [hand, [x], {y: z}]", ("hand",)),
    ],
)
def test_odd_yaml_declares_what_can_be_understood(yaml: str, names: tuple[str, ...]) -> None:
    assert parse_class_file("data.yaml", yaml.encode()) == names


@pytest.mark.parametrize("layout", ["voc", "yolo"])
def test_a_billion_names_in_a_yaml_are_not_counted(tmp_path: Path, layout: str) -> None:
    put(tmp_path / "data.yaml", inputs._BOMB)
    put(tmp_path / ("images/a.jpg" if layout == "yolo" else "a.jpg"), picture())
    put(
        tmp_path / ("labels/a.txt" if layout == "yolo" else "a.xml"),
        "0 .5 .5 .1 .1\n" if layout == "yolo" else GOOD,
    )
    start = time.process_time()
    report = validate.run(tmp_path)
    assert time.process_time() - start < 5
    assert (report.format, report.classes[-1]) == (layout, "hand")


@pytest.mark.parametrize(
    "content",
    [
        {"images": [{"id": 1, "file_name": "a.jpg", "width": 1e300, "height": -1e300}]},  # no Int64
        {"images": [{"id": 1, "file_name": "\ud800.jpg"}]},  # a lone surrogate
        {"images": [], "categories": [{"id": 1, "name": "\ud800", "supercategory": []}]},  # not hashable
        {"images": [{"id": [], "file_name": "a.jpg"}, {"id": {}, "file_name": "b.jpg"}]},
        {
            "images": [{"id": 1, "file_name": "a.jpg"}],
            "annotations": [
                {"image_id": 1, "segmentation": [[1, "a", "b", "c", "d", "e"]], "category_id": []}
            ],
        },
    ],
)
def test_odd_coco_entries_cost_themselves(tmp_path: Path, content: object) -> None:
    put(tmp_path / "a.jpg", picture())
    put(tmp_path / "train.json", json.dumps({"annotations": []} | content))  # type: ignore[operator]
    assert validate.run(tmp_path).format == "coco"


@pytest.mark.parametrize("depth", [900, 960, 980, 990, 100_000])
def test_json_nested_as_deep_as_python_goes_is_read_or_refused(tmp_path: Path, depth: int) -> None:
    nested = "[" * depth + "]" * depth
    put(tmp_path / "a.jpg", picture())
    put(
        tmp_path / "train.json",
        '{"images": [{"id": 1, "file_name": "a.jpg", "width": X}, X], "categories": [],'
        '"annotations": [{"id": X, "image_id": 1, "bbox": X, "category_id": X}]}'.replace("X", nested),
    )
    assert validate.run(tmp_path).format in ("coco", "voc")  # too deep for the keys to be near an end


def test_a_class_number_of_five_thousand_digits_is_a_finding(tmp_path: Path) -> None:
    report = validate.run(voc(tmp_path, a=GOOD.replace("手", "1" * 5000)), classes=["hand"])
    assert "CLS005" in codes(report, "a")


def test_a_root_closed_in_other_letters_is_not_renamed_by_half(tmp_path: Path) -> None:
    root = voc(
        tmp_path, a=GOOD.replace("<annotation>", "<Annotations>").replace("</annotation>", "</ANNOTATIONS>")
    )
    survives(root)


def test_a_path_of_a_thousand_folders_in_a_list_is_no_path(tmp_path: Path) -> None:
    put(tmp_path / "images" / "a.jpg", picture())
    put(tmp_path / "labels" / "a.txt", "0 .5 .5 .1 .1\n")
    put(tmp_path / "train.txt", "images/a.jpg\n" + ("a/" * 1000 + "a.jpg\n") * 500)
    start = time.process_time()
    report = validate.run(tmp_path)
    assert time.process_time() - start < 10
    assert sum(finding.code == "SET001" for finding in report.findings) <= 500


def test_an_object_with_hundreds_of_boxes_is_left_to_a_person(tmp_path: Path) -> None:
    # every box of an object takes a copy of its other fields along: the file would grow without bound
    many = "<bndbox><xmin>1</xmin><ymin>1</ymin><xmax>9</xmax><ymax>9</ymax></bndbox>" * 500
    root = voc(tmp_path, a=f"<annotation><object><name>hand</name>{many}</object></annotation>")
    before = contents(root)
    report = validate.run(root, fix=True, select=["OBJ005"])
    assert [finding.code for finding in report.findings] == ["OBJ005"]
    assert contents(root) == before


@pytest.mark.parametrize("head", [b"[" * 4000, b"{}", b"null", b'{"sizes": 1}', b"\xff"])
def test_a_cache_that_came_with_the_data_set_is_passed_over(tmp_path: Path, head: bytes) -> None:
    put(tmp_path / ".curate" / "cache" / "facts", b"curate cache 1\n" + head + b"\nx")
    assert cache.load(tmp_path) is None


def test_sizes_in_a_cache_that_are_none_are_passed_over(tmp_path: Path) -> None:
    content = b"a" + bytes(32)  # a name and its stamp, four numbers of 8 bytes
    for sizes in (["1", 32], [1, 32, "x"], [1, 32, -1], [1, 31], None):
        cache.write(tmp_path, "facts", {"sizes": sizes}, [content])
        assert cache.load(tmp_path) is None
    cache.write(tmp_path, "facts", {"sizes": [1, 32]}, [content])
    found = cache.load(tmp_path)
    assert found is not None and found.names == ["a"]
