"""Whatever a reader stumbles over, some rule asks for: what is recorded and never told helps nobody."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path

from curate.formats.discover import open_dataset
from curate.rules import RULES, check_all
from curate.rules.model import Facts
from curate.tree import Tree
from tests.conftest import REPO
from tests.curate.rules.museum import image, write

# by the file that records: kinds of the readers of XML are those of VOC
FORMAT_OF = {"yolo.py": "yolo", "coco.py": "coco"}


def strings(node: ast.AST) -> Iterator[str]:
    """The texts that an argument may be: `"a" if x else "b"` is two."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*strings(node.body), *strings(node.orelse))


def recorded() -> set[tuple[str, str]]:
    """(format, kind) of every problem that the readers record."""
    found = set()
    for path in sorted((REPO / "curate" / "formats").glob("*.py")):
        data_format = FORMAT_OF.get(path.name, "voc")
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).lower().endswith("problem"):
                # Problem(kind, offset), _problem(kind, detail), build.problem(image_id, kind, detail)
                kinds = next((some for some in map(list, map(strings, node.args[:2])) if some), [])
                assert kinds or ast.unparse(node.args[0]) == "kind", ast.unparse(node)
                found.update((data_format, kind) for kind in kinds)
            elif isinstance(node, ast.Call) and ast.unparse(node.func) == "VocFacts":
                rows = [row for row in ast.walk(node.args[2]) if isinstance(row, ast.Tuple)]
                found.update((data_format, kind) for row in rows for kind in strings(row.elts[0]))
    return found


def asked() -> set[tuple[str, str]]:
    """(format, kind) of every problem that a rule makes findings of."""
    found = set()
    for rule in RULES:
        path = REPO.joinpath(*rule.check.__module__.split(".")).with_suffix(".py")
        for node in ast.walk(ast.parse(path.read_bytes())):
            if isinstance(node, ast.Call) and ast.unparse(node.func) == "facts.problems":
                kinds = [kind for argument in node.args for kind in strings(argument)]
                found.update((data_format, kind) for data_format in rule.formats for kind in kinds)
    return found


def test_every_kind_of_problem_that_a_reader_records_is_asked_for_by_a_rule() -> None:
    assert len(recorded()) >= 25
    assert recorded() - asked() == set()


def test_no_rule_asks_for_a_kind_that_nobody_records() -> None:
    kinds = {kind for _, kind in recorded()}
    assert {kind for _, kind in asked()} - kinds == set()


def test_an_image_id_that_is_given_twice_in_coco_is_a_finding(tmp_path: Path) -> None:
    content = {
        "images": [{"id": 7, "file_name": name, "width": 64, "height": 48} for name in ("a.jpg", "图.jpg")],
        "categories": [{"id": 1, "name": "cat"}],
        "annotations": [{"id": 1, "image_id": 7, "category_id": 1, "bbox": [9, 9, 20, 20]}],
    }
    files = {"a.jpg": image("a"), "图.jpg": image("b"), "all.json": json.dumps(content).encode()}
    tree = Tree.open(write(files, tmp_path))
    (found,) = [f for f in check_all(Facts(open_dataset(tree), tree)) if f.code == "IMG007"]
    assert found.path == "all.json"
    assert found.message == "'图.jpg' is not the only image of its id: image id 7 is given twice"
