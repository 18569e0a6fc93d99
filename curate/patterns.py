"""Regular expressions that are compiled when they are first used.

A set of characters from all of Unicode takes milliseconds to compile, and most runs never look for it: of
those that few files need, `later` makes none before it is asked.
"""

from __future__ import annotations

import re
from typing import Any, AnyStr, cast


def later(pattern: AnyStr, flags: int = 0) -> re.Pattern[AnyStr]:
    """`re.compile(pattern, flags)`, put off until somebody asks it something."""
    return cast("re.Pattern[AnyStr]", _Later(pattern, flags))


class _Later:
    """Stands for a compiled pattern, whose methods it has from the first question on."""

    def __init__(self, pattern: Any, flags: int) -> None:
        self._arguments = (pattern, flags)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):  # nobody asks a pattern for these
            raise AttributeError(name)
        compiled = re.compile(*self._arguments)
        for method in ("match", "fullmatch", "search", "finditer", "findall", "split", "sub", "subn"):
            setattr(self, method, getattr(compiled, method))
        return getattr(compiled, name)
