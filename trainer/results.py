"""results.csv: one line an evaluation, rewritten whole so that a kill never leaves half a line."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from pathlib import Path

from trainer.errors import TrainerError
from trainer.files import write_atomically


class Results:
    """The table of a run, in memory and on disk."""

    def __init__(self, path: Path, *, until_step: int = 0) -> None:
        """Continue the table at `path` where there is one, forgetting lines after `until_step`: steps that a
        resumed run takes again.
        """
        self.path = path
        self.rows: list[dict[str, str]] = []
        if path.is_file():
            try:
                with path.open(encoding="utf-8-sig", newline="") as file:  # Excel writes the mark
                    rows = [(int(row["step"]), row) for row in csv.DictReader(file)]
            except (KeyError, TypeError, ValueError) as error:
                raise TrainerError(
                    f"{path} is not as the run wrote it", "move it away, and go on; a new one is begun"
                ) from error
            self.rows = [row for step, row in rows if step <= until_step]

    def add(self, values: Mapping[str, float]) -> None:
        """Append a line and write the table. New figures get columns behind the others."""
        self.rows.append(
            {name: str(value) if isinstance(value, int) else f"{value:.6g}" for name, value in values.items()}
        )
        text = io.StringIO()
        columns = dict.fromkeys(name for row in self.rows for name in row)
        writer = csv.DictWriter(text, fieldnames=list(columns), restval="")
        writer.writeheader()
        writer.writerows(self.rows)
        write_atomically(self.path, text.getvalue().encode("utf-8"))
