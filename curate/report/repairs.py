"""What the repair of one finding would change, worked out alone on the files as they are, and not written.

`--fix` makes all repairs of a file together, and to the end; reports show each by itself.
"""

from __future__ import annotations

from functools import lru_cache, partial

from curate.findings import Edit, Finding, FixClass
from curate.formats.voc import Document
from curate.report.model import Report
from curate.rules import RULES
from curate.rules.model import Facts
from curate.rules.rereading import reread
from curate.tree import Tree

MAX_BYTES = 4 * 1024 * 1024  # a larger annotation is not read again for the repair of one finding


class Repairs:
    """Repairs of one data set. Findings of one file are best asked for one after the other."""

    def __init__(self, report: Report, tree: Tree) -> None:
        self.facts = Facts(report.data, tree, limits=report.limits)
        self._reread = lru_cache(maxsize=1)(partial(reread, self.facts))
        self._rules = {rule.code: rule for rule in RULES}
        self._annotations = frozenset(report.data.images["annotation"].drop_nulls())

    def of(self, finding: Finding) -> tuple[Document | None, tuple[Edit, ...]]:
        """The annotation that a finding is in (None: it is in another file), and the edits of its repair.

        Without edits where there is no repair but a person's. Raises OSError, UnsafePath and
        ChangedMeanwhile where the file is not what it was at the check.
        """
        rule = self._rules.get(finding.code)
        if rule is None or rule.repair is None or finding.fix.safety is FixClass.MANUAL:
            return None, ()
        document = None
        if finding.path in self._annotations:
            if self.facts.tree.size(finding.path) > MAX_BYTES:
                return None, ()
            document = self._reread(finding.path)
        return document, tuple(rule.repair(finding, document, self.facts))
