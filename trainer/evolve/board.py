"""What a search says while it goes: a line a trial on stderr, and a bar where that is a terminal."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from optuna.trial import FrozenTrial, TrialState
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn

from trainer.console import Talk

if TYPE_CHECKING:
    from trainer.evolve.train import Figure


class Board(Talk):
    """The voice of a search."""

    def __init__(self, *, silent: bool = False) -> None:
        super().__init__(silent=silent)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("step {task.completed:.0f} of {task.total:.0f}"),
            TimeElapsedColumn(),
            console=self.console,
            disable=silent or not self.console.is_terminal,
        )
        self._task = self._bar.add_task("", total=1, visible=False)

    def __enter__(self) -> Board:
        super().__enter__()
        return self

    def begin(self, what: str, how_much: str, steps: int) -> None:
        """A part of the search begins; each trial has so many steps."""
        self.say(f"{what}: {how_much}, {steps} steps each")
        self._bar.update(self._task, total=steps)

    def trial(self, name: str, done: int) -> None:
        """A trial begins, so many are done."""
        self._bar.reset(self._task, description=f"{name} ({done} done)", visible=True)

    def step(self, step: int) -> None:
        """Move the bar."""
        self._bar.update(self._task, completed=step)

    def over(self, name: str, figure: Figure, metric: str, done: Sequence[FrozenTrial], of: str = "") -> None:
        """A trial has ended; `done` are those before it, `of` how many there will be."""
        if figure.interrupted:
            self.say(f"{name}: stopped at step {figure.steps}")
            return
        whole = [t.value for t in done if t.state is TrialState.COMPLETE and t.value is not None]
        best = f", best so far {max(whole):.3f}" if whole else ""
        number = f"[{len(done) + 1}{of and f'/{of}'}] "
        what = f"{metric} {figure.value:.3f}"
        if figure.problem:
            what = figure.problem
        elif figure.cut:
            what += f", given up at step {figure.steps}"
        better = bool(whole) and not figure.cut and figure.value > max(whole)
        self.say(f"{number}{name}: {what}{', the best so far' if better else best}")
