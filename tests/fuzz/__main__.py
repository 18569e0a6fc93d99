"""`python -m tests.fuzz`: try hostile input for as long as it is told, and end with what broke.

    python -m tests.fuzz --minutes 10                     every property in turn
    python -m tests.fuzz voc-folder --minutes 60          one of them
    python -m tests.fuzz annotation --engine atheris      guided by coverage, where atheris is installed
    python -m tests.fuzz image --engine bytes --corpus DIR      the same on bytes, beginning with these files
    python -m tests.fuzz timings --megabytes 10           time and memory of texts made to take long

What breaks is shrunk and printed with the line that failed. Make it a named test in
`tests/curate/test_hostile.py` before it is mended.
"""

from __future__ import annotations

import argparse
import importlib.util
import sys
import time
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING

from hypothesis import HealthCheck, Phase, given, seed, settings

if TYPE_CHECKING:
    from tests.fuzz.properties import Property


def main() -> int:
    """Exit code 0 where nothing broke, 1 where something did."""
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__.splitlines()[0])
    parser.add_argument("property", nargs="?", metavar="NAME", help="default: all in turn")
    parser.add_argument("--minutes", type=float, default=5.0, help="for how long, all properties together")
    parser.add_argument("--seed", type=int, default=0, help="of the first round; each round counts one up")
    parser.add_argument("--examples", type=int, default=100, help="of a property in one round")
    parser.add_argument("--engine", choices=["hypothesis", "atheris", "bytes"], default="hypothesis")
    parser.add_argument(
        "--corpus", metavar="DIR", help="of `bytes`: files to begin with; finds are put there"
    )
    parser.add_argument("--megabytes", type=float, default=10.0, help="size of the texts of `timings`")
    asked = parser.parse_args()
    if asked.property == "timings":
        from tests.fuzz.timings import table

        table(asked.megabytes)
        return 0
    known = _properties(asked.engine)
    if asked.property and asked.property not in known:
        parser.error(f"{asked.property} is none of {', '.join(known)}, timings")
    chosen = {asked.property: known[asked.property]} if asked.property else known
    if asked.engine != "hypothesis":
        return _atheris(chosen, asked.minutes, raw=asked.engine == "bytes", corpus=asked.corpus)
    return _hypothesis(chosen, asked.minutes, asked.seed, asked.examples)


def _properties(engine: str) -> dict[str, Property]:
    """The properties; for atheris with counters in the code of curate, which are put in as it is loaded."""
    counted: AbstractContextManager[object] = nullcontext()
    if engine != "hypothesis":
        if importlib.util.find_spec("atheris") is None:
            sys.exit("atheris is not installed: pip install atheris")
        import atheris

        counted = atheris.instrument_imports(include=["curate"])
    with counted:
        from tests.fuzz.properties import PROPERTIES
    return PROPERTIES


def _hypothesis(chosen: dict[str, Property], minutes: float, first: int, examples: int) -> int:
    """Rounds with other seeds until the time is over or something breaks."""
    end = time.monotonic() + 60 * minutes
    tried = dict.fromkeys(chosen, 0)
    number = first
    while time.monotonic() < end:
        for name, each in chosen.items():
            if time.monotonic() >= end:
                break
            try:
                seed(number)(_test(each, examples))()
            except BaseException:
                print(f"\n{name} broke in the round with --seed {number}", file=sys.stderr)
                raise
            tried[name] += examples
        number += 1
    print(", ".join(f"{name} {count:,}" for name, count in tried.items()), "examples; nothing broke")
    return 0


def _test(each: Property, examples: int) -> Callable[[], None]:
    checks = list(HealthCheck)
    limits = settings(
        max_examples=examples,
        deadline=None,
        database=None,
        suppress_health_check=checks,
        phases=[Phase.generate, Phase.shrink],
        print_blob=True,
    )
    test: Callable[[], None] = limits(given(*each.arguments)(each.holds))
    return test


def _atheris(chosen: dict[str, Property], minutes: float, *, raw: bool, corpus: str | None) -> int:
    """Hand one property to libFuzzer, which ends the process by itself.

    Its bytes are the file that the property is about (`raw`), or what the strategies make files of.
    """
    if len(chosen) > 1:
        print(f"atheris takes one property: {', '.join(chosen)}", file=sys.stderr)
        return 2
    import atheris

    each = next(iter(chosen.values()))
    target = each.holds if raw else _test(each, 1).hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    options = [f"-max_total_time={int(60 * minutes)}", *([corpus] if corpus else [])]
    atheris.Setup([sys.argv[0], *options], target)
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
