"""The list of classes a data set declares, and the file that declares it.

Looked for, in this order, in the data set's folder and then in each folder of annotations: `classes.txt`,
`data.yaml`, `labelmap.txt` (plain or CVAT's `name:color:parts:actions`), `predefined_classes.txt`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from curate.errors import ConfigError, UnsafePath
from curate.formats.encoding import decode
from curate.formats.pairing import ANNOTATION_FOLDERS
from curate.tree import Tree

CLASS_FILES = ("classes.txt", "data.yaml", "data.yml", "labelmap.txt", "predefined_classes.txt")
MAX_BYTES = 4 * 1024 * 1024
MAX_YAML_BYTES = 1024 * 1024  # read by pure Python: several seconds a megabyte
_NUMBER = re.compile("[0-9]{1,9}")
_CVAT_LINE = re.compile(r"^([^:]*):[\d,\s]*:[^:]*:[^:]*$")


def parse_option(value: str) -> tuple[str, ...]:
    """What `--classes` says: a file (any that `declared` knows), or names separated by commas.

    Raises ConfigError for a file without names or for an empty list.
    """
    path = Path(value)
    try:
        is_file = path.is_file()
    except (OSError, ValueError):  # a list longer than a file name may be
        is_file = False
    if is_file:
        names = parse_class_file(path.name, path.read_bytes())
        if not names:
            raise ConfigError(f"{value} holds no class names.", "Write one name a line.")
        return names
    names = tuple(name.strip() for name in value.split(",") if name.strip())
    if not names:
        raise ConfigError("The list of classes is empty.", "Give names separated by commas, or a file.")
    if len(names) == 1 and value.lower().endswith((".txt", ".yaml", ".yml")):
        raise ConfigError(f"{value} does not exist.", "Give a file with one name a line, or names.")
    return names


def declared(tree: Tree) -> tuple[tuple[str, ...], str | None]:
    """The names a data set declares and the file they stand in; `((), None)` where nothing does."""
    for name in _candidates(tree.with_suffix(".txt", ".yaml", ".yml")):
        try:
            content = tree.read(name, MAX_BYTES)
        except (OSError, UnsafePath):
            continue  # the next candidate may be readable; an unreadable list declares nothing
        names = parse_class_file(name, content)
        if names:
            return names, name
    return (), None


def parse_class_file(name: str, content: bytes) -> tuple[str, ...]:
    """The names in a class file of any known form, each once, in order; () if there are none."""
    text = decode(content).text.removeprefix("\ufeff")
    if name.lower().endswith((".yaml", ".yml")):
        return _unique(_yaml_names(text))
    lines = [line.strip() for line in text.splitlines()]
    names = [line for line in lines if line and not line.startswith("#")]
    matches = [_CVAT_LINE.match(line) for line in names]
    if names and all(matches):
        # CVAT's first line is the background of its masks, which is no class of objects
        names = [match[1].strip() for match in matches if match and match[1].strip() != "background"]
    return _unique(names)


def _candidates(files: Sequence[str]) -> list[str]:
    """Class files at the top, then those beside annotations, each in the order of CLASS_FILES."""
    found = []
    for file in files:
        folder, _, base = file.rpartition("/")
        if base.lower() in CLASS_FILES:
            last = folder.rpartition("/")[2].lower()
            if not folder or last in ANNOTATION_FOLDERS:
                found.append((bool(folder), CLASS_FILES.index(base.lower()), file))
    return [file for _, _, file in sorted(found)]


def _yaml_names(text: str) -> list[str]:
    import yaml  # most folders have no YAML

    if len(text) > MAX_YAML_BYTES:
        return []
    try:
        # BaseLoader builds nothing but text, lists and dicts, and keeps `names: [on, off]` as words
        content = yaml.load(text, Loader=yaml.BaseLoader)
    except (yaml.YAMLError, RecursionError):
        return []
    names = content.get("names") if isinstance(content, dict) else None
    if isinstance(names, dict):
        numbered = [(int(key), value) for key, value in names.items() if _NUMBER.fullmatch(str(key))]
        names = [value for _, value in sorted(numbered, key=lambda item: item[0])]
    # a list among the names may hold itself a billion times, by YAML's aliases
    return [name for name in names if isinstance(name, str) and name] if isinstance(names, list) else []


def _unique(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
