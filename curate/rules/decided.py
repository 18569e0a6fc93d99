"""What was decided about images without objects, as the rules about them ask for it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from curate.findings import Finding, Severity
from curate.negatives.ledger import BY_MODEL
from curate.negatives.standing import Standing, Standings
from curate.negatives.standing import standings as of_data_set
from curate.rules.model import Facts, Rule
from curate.tree import display


def standings(facts: Facts) -> Standings:
    """How every image without objects stands; ask by `facts.once(standings)`."""
    return of_data_set(facts.data, facts.tree)


def by_model(rule: Rule, row: Mapping[str, Any], standing: Standing | None, **place: Any) -> Finding | None:
    """The finding, an info, about an image that a model alone has decided upon; None for others."""
    if standing is None or standing.state != BY_MODEL:
        return None
    said = "a negative by the word of a model alone"
    if standing.decision is not None:
        said = f"a negative by the word of a model alone: {display(standing.decision.who)}"
    return rule.finding(
        row,
        said,
        "Trained as background; nobody has looked.",
        fix="look at the picture; label it, or confirm it: curate negatives PATH --verify FILE",
        severity=Severity.INFO,
        **place,
    )


def changed(standing: Standing | None) -> str | None:
    """What to say of an image that was decided upon and is no longer the same; None for others."""
    if standing is None or not standing.changed or standing.decision is None:
        return None
    return f"the image was recorded as {standing.decision.decision}, and its bytes were changed since"
