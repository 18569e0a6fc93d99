"""Which language to speak: what was asked for, else what the environment says. Loads nothing."""

from __future__ import annotations

import locale
import os
from collections.abc import Mapping

ENGLISH, CHINESE = "en", "zh"
_VARIABLES = ("LC_ALL", "LC_MESSAGES", "LANG")  # POSIX: the first that is set decides


def language(environment: Mapping[str, str], *, windows: bool = os.name == "nt") -> str:
    """CURATE_LANG, then the locale: "zh" for whatever begins with zh (Windows: Chinese), else "en"."""
    asked = environment.get("CURATE_LANG", "").strip()
    if asked:
        return _known(asked)
    said = next((environment[name] for name in _VARIABLES if environment.get(name)), "")
    if not said and windows:
        said = locale.getlocale()[0] or ""
    return _known(said)


def _known(name: str) -> str:
    return CHINESE if name.lower().startswith(("zh", "chinese")) else ENGLISH
