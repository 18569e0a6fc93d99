"""What is shown of all that was found: everything but what the user knows of already."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from curate.config import Suppress
from curate.dataset import Dataset
from curate.findings import Finding
from curate.known import suppressions
from curate.known.baseline import Baseline
from curate.known.globs import matcher
from curate.tree import Tree, display
from curate.wording import count


@dataclass(frozen=True)
class Screened:
    """The findings to show, and how many are hidden by what."""

    shown: tuple[Finding, ...]
    suppressed: int = 0  # by [[suppress]] or by comments in the XML
    baselined: int = 0
    notes: tuple[str, ...] = ()


@dataclass(frozen=True)
class Screen:
    """Everything that hides findings. Each part judges all of them, so that none hides the use of another."""

    asked: Sequence[str]  # codes of the rules that were asked
    per_file_ignores: Sequence[tuple[str, Sequence[str]]] = ()  # a glob, beginnings of codes
    suppress: Sequence[Suppress] = ()
    baseline: Baseline | None = None
    today: date | None = None  # needed where a suppression has an end

    def sift(self, findings: Sequence[Finding], data: Dataset, tree: Tree) -> Screened:
        """Part the findings of `data` into those to show and those that are known."""
        ignored = self._ignored(findings)
        by_tables = suppressions.by_configuration(findings, self.suppress, self.asked, self.today)
        by_comments = suppressions.by_comments(findings, tree) if data.format == "voc" else None
        suppressed = by_tables.hidden | (by_comments.hidden if by_comments else set())
        baselined, gone = self.baseline.match(findings, data, self.asked) if self.baseline else (set(), 0)
        hidden = ignored | suppressed | baselined
        notes = [*by_tables.notes, *(by_comments.notes if by_comments else [])]
        if suppressed:
            notes.insert(0, f"{count(len(suppressed), 'finding')} suppressed")
        if self.baseline is not None:
            notes.append(_about(self.baseline, len(baselined), gone))
        return Screened(
            shown=tuple(finding for i, finding in enumerate(findings) if i not in hidden),
            suppressed=len(suppressed),
            baselined=len(baselined),
            notes=tuple(note for note in notes if note),
        )

    def _ignored(self, findings: Sequence[Finding]) -> set[int]:
        tests = [
            (matcher(glob), tuple(code.strip().upper() for code in codes))
            for glob, codes in self.per_file_ignores
        ]
        return {
            number
            for number, finding in enumerate(findings)
            if any(finding.code.startswith(codes) and fits(finding.path) for fits, codes in tests)
        }


def _about(baseline: Baseline, hidden: int, gone: int) -> str:
    name = f"the baseline {display(baseline.path.name)}"
    if not gone:
        return f"{count(hidden, 'known finding')} hidden by {name}" if hidden else ""
    lost = f"{gone:,} of it {'is' if gone == 1 else 'are'} gone: --write-baseline forgets them"
    if not hidden:
        return f"{name} hides nothing; {lost}"
    return f"{count(hidden, 'known finding')} hidden by {name}; {lost}"
