"""Images of one source as the SET rules ask about them: which groups lie across splits."""

from __future__ import annotations

from itertools import pairwise

from curate.copies.evidence import FRAMES, LARGE, RUNS, Group, groups, named
from curate.rules.model import Facts
from curate.rules.split_lists import memberships


def across_splits(facts: Facts) -> list[Group]:
    """Groups of which some images are in one split and some in another; ask by `facts.once(across_splits)`.

    A long video that was cut into runs of neighbouring frames, as `curate split` does, is none of them.
    """
    members = facts.once(memberships)
    if len({member.role for member in members.values()}) < 2:
        return []
    found = []
    for group in groups(named(facts.data.images, facts.data.images["image"].to_list(), facts.pixels)):
        roles = [members[row].role for row in group.rows if row in members]
        changes = sum(one != after for one, after in pairwise(roles))
        long = group.kind == FRAMES and len(group.rows) > LARGE * facts.data.images.height
        if changes > (RUNS if long else 0):
            found.append(group)
    return found
