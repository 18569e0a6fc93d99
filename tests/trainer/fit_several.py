"""Train several configurations one after another, in as many processes as torchrun starts; starting is slow.

torchrun --nproc-per-node=2 -m tests.trainer.fit_several A.toml B.toml
"""

from __future__ import annotations

import sys
from pathlib import Path

from trainer.config import from_toml
from trainer.fit import fit
from trainer.leaving import leave

if __name__ == "__main__":
    for path in sys.argv[1:]:
        fit(from_toml(Path(path).read_text(encoding="utf-8")))
    leave(0)
