"""The house: every room imports only rooms below it, and the front door opens quickly."""

from __future__ import annotations

import ast
import importlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPO

# from the ground up; a file or folder of curate/ belongs to the room of its name
ROOMS = [
    *(
        "errors",
        "wording",
        "patterns",
        "tables",
        "arrays",
        "geometry",
        "tree",
        "findings",
        "dataset",
        "engine",
    ),
    *(
        "formats",
        "pixels",
        "copies",
        "negatives",
        "rules",
        "splits",
        "anchors",
        "resolution",
        "ablation",
    ),
    *("paste", "fixes", "report", "handover", "config", "known", "commands", "cli", "__main__"),
]
TOO_HEAVY_FOR_THE_DOOR = {"torch", "sklearn", "albumentations", "cv2", "polars"}


def imports(path: Path, *, also_inside_functions: bool = True) -> Iterator[str]:
    """Absolute names of the modules that a file imports."""
    tree = ast.parse(path.read_bytes())
    inside = {n for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
    # what only the type checker reads is never run
    inside |= {n for block in ast.walk(tree) if _for_types(block) for n in ast.walk(block)}
    for node in ast.walk(tree):
        if node in inside and not also_inside_functions:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def _for_types(node: ast.AST) -> bool:
    return isinstance(node, ast.If) and isinstance(node.test, ast.Name) and node.test.id == "TYPE_CHECKING"


def sources(package: str) -> list[Path]:
    return sorted((REPO / package).rglob("*.py"))


@pytest.mark.parametrize("path", sources("curate"), ids=lambda p: p.relative_to(REPO).as_posix())
def test_a_room_imports_only_rooms_below_it(path: Path) -> None:
    room = path.relative_to(REPO / "curate").parts[0].removesuffix(".py")
    if room == "__init__":
        assert not list(imports(path)), "import curate must load nothing"
        return
    for name in imports(path):
        parts = name.split(".")
        if parts[0] == "curate" and parts[1] != "__version__":
            assert ROOMS.index(parts[1]) <= ROOMS.index(room), f"{room} imports {name}"


def test_the_trainer_never_imports_curate() -> None:
    arrows = [(p.name, n) for p in sources("trainer") for n in imports(p) if n.split(".")[0] == "curate"]
    assert arrows == []


def test_curate_calls_the_trainer_only_from_inside_functions() -> None:
    at_the_top = [
        (path.name, name)
        for path in sources("curate")
        for name in imports(path, also_inside_functions=False)
        if name.split(".")[0] == "trainer"
    ]
    assert at_the_top == []


def test_importing_the_command_line_loads_nothing_heavy() -> None:
    program = "import curate.cli, sys; print(*{name.split('.')[0] for name in sys.modules})"
    loaded = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=REPO
    ).stdout.split()
    assert not TOO_HEAVY_FOR_THE_DOOR & set(loaded)


@pytest.mark.parametrize("package", ["curate", "trainer"])
def test_every_command_is_a_file_that_the_program_lists(package: str) -> None:
    program = importlib.import_module(f"{package}.cli.program")
    shared = {"__init__", "program", "options", "console", "knob_options", "start", "streams"}
    files = {path.stem for path in (REPO / package / "cli").glob("*.py")} - shared
    assert files == set(program.COMMANDS)
