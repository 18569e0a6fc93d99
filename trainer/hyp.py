"""The settings of a run explained: what `trainer hyp` prints, and the page `trainer/settings.md`.

`python -m trainer.hyp` writes the page again; a test compares it with the knobs.
"""

from __future__ import annotations

import difflib
import types
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from trainer.config import FitConfig
from trainer.errors import TrainerError
from trainer.knobs import Knob, bounds, called, dashed, kinds, knobs
from trainer.presets import PRESETS

PAGE = Path(__file__).with_name("settings.md")
GROUPS = {
    "budget": "Budget",
    "run": "Run",
    "network": "Network",
    "optimiser": "Learning",
    "loss": "Loss",
    "augmentation": "Augmentation",
}

_HEAD = """# Settings of `trainer fit`

Each is an option (`--close-mosaic 0.2`), a line of RUN/config.toml and of a file for `--hyp`
(`close_mosaic = 0.2`). `trainer hyp --explain NAME` shows one of them, and
`trainer hyp --output-format toml` all defaults. A share is a number from 0 to 1. What a search may turn has a
range in the last column; *log* means that it moves by factors.

This page is made from `trainer/config.py`: `python -m trainer.hyp`.
"""


def key_of(name: str) -> str:
    """The field that a name or an option means. Raises TrainerError for one that is none."""
    known = knobs(FitConfig)
    key = name.strip().lstrip("-").replace("-", "_")
    if key not in known:
        near = difflib.get_close_matches(key, known, n=1, cutoff=0.0)
        raise TrainerError(f"there is no setting {name!r}", f"did you mean {near[0]!r}?")
    return key


def explain(name: str, values: Mapping[str, Any] = types.MappingProxyType({})) -> str:
    """One setting, several lines; `values` in place of defaults. Raises what `key_of` does."""
    key = key_of(name)
    facts = knobs(FitConfig)[key]
    lines = [
        f"--{dashed(key)}: {facts.what}",
        "",
        *([f"{facts.effect}", ""] if facts.effect else []),
        f"default   {shown(values.get(key, getattr(FitConfig, key)))}",
        f"allowed   {_allowed(key, facts)}",
        f"evolve    {_range(facts) or 'leaves it alone'}",
    ]
    return "\n".join(lines)


def as_objects(values: Mapping[str, Any] = types.MappingProxyType({})) -> list[dict[str, Any]]:
    """All settings as plain values, for JSON; `values` in place of defaults."""
    return [
        {
            "name": name,
            "option": f"--{dashed(name)}",
            "group": facts.group,
            "what": facts.what,
            "unit": facts.unit,
            "default": values.get(name, getattr(FitConfig, name)),
            "allowed": _allowed(name, facts),
            "choices": list(facts.choices),
            "evolve": list(facts.evolve) if facts.evolve else None,
            "log": facts.log,
            "effect": facts.effect,
        }
        for name, facts in knobs(FitConfig).items()
    ]


def turned(one: Mapping[str, Any]) -> str:
    """The range in which evolve turns one of `as_objects`; a dash where it leaves it alone."""
    return _range(knobs(FitConfig)[one["name"]]) or "-"


def columns(rows: Sequence[Sequence[str]]) -> str:
    """Rows of texts below one another, the last column as long as it is."""
    widths = [max(len(text) for text in column) for column in zip(*rows, strict=True)][:-1]
    return "\n".join(
        "  ".join((*(f"{text:<{width}}" for text, width in zip(row, widths, strict=False)), row[-1]))
        for row in rows
    )


def defaults() -> dict[str, Any]:
    """Names and defaults, those without one left out."""
    found = {name: getattr(FitConfig, name) for name in knobs(FitConfig)}
    return {name: value for name, value in found.items() if value is not None}


def page() -> str:
    """All settings as one Markdown page."""
    return "\n".join([_HEAD, *_tables(), *_presets()]) + "\n"


def _tables() -> Iterator[str]:
    known = knobs(FitConfig)
    for group, heading in GROUPS.items():
        yield f"## {heading}"
        yield ""
        yield "| option | default | what | allowed | evolve |"
        yield "|---|---|---|---|---|"
        for name, facts in known.items():
            if facts.group == group:
                what = f"{facts.what}. {facts.effect}" if facts.effect else facts.what
                cells = (
                    f"`--{dashed(name)}`",
                    shown(getattr(FitConfig, name)),
                    what,
                    _allowed(name, facts),
                    _range(facts),
                )
                yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
        yield ""


def _presets() -> Iterator[str]:
    yield "## Presets"
    yield ""
    yield "`--preset NAME` changes defaults together; what is typed, or stands in the file of `--hyp`, wins."
    yield "Without it the number of training images chooses `small-data` or `scratch`."
    yield ""
    yield "| preset | for | where from | settings |"
    yield "|---|---|---|---|"
    for preset in PRESETS:
        values = ", ".join(f"{name} {shown(value)}" for name, value in preset.settings.items())
        yield f"| `{preset.name}` | {preset.what} | {preset.source} | {values or 'none changed'} |"
    yield ""


def shown(value: Any) -> str:
    """A default as a person types it."""
    if value is None:
        return "none"
    if isinstance(value, tuple):
        return ",".join(f"{v:g}" if isinstance(v, int | float) else str(v) for v in value)
    return f"{value:g}" if isinstance(value, float) else str(value)


def _allowed(name: str, facts: Knob) -> str:
    words = bounds(facts)
    if words == "a number":
        words = called(kinds(FitConfig)[name])
    if facts.unit and facts.unit != "share":
        words = f"{words} ({facts.unit})"
    whole = (facts.low, facts.high, facts.open_low, facts.open_high) == (0, 1, False, False)
    return "a share" if facts.unit == "share" and whole else words


def _range(facts: Knob) -> str:
    if facts.evolve is None:
        return ""
    low, high = facts.evolve
    return f"{low:g} to {high:g}{', log' if facts.log else ''}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8", newline="\n")
