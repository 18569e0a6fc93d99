"""How torch's compute threads wait for each other; to be said before torch is loaded."""

from __future__ import annotations

import os
import sys

POLICY = "OMP_WAIT_POLICY"


def wait_asleep() -> bool:
    """Make compute threads sleep instead of spin while they wait; whether that is (now) so.

    GNU OpenMP reads its policy when torch is loaded, and by default spins. As soon as another program wants a
    core, threads that spin keep it from the thread they wait for: on two cores with busy neighbours a step of
    training took 4.3 s spinning and 0.65 s asleep. Call this before anything imports torch; a policy the user
    set is left alone.
    """
    if "torch" not in sys.modules:
        os.environ.setdefault(POLICY, "PASSIVE")
    return os.environ.get(POLICY, "").upper() == "PASSIVE"
