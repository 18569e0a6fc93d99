"""What a run says while it goes: a bar on a terminal, a line an evaluation elsewhere; always on stderr."""

from __future__ import annotations

from types import TracebackType

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn


class Talk:
    """The voice of one run; a context manager, since a bar must be taken down again."""

    def __init__(self, *, silent: bool = False) -> None:
        self.console = Console(stderr=True, highlight=False, quiet=silent)
        self._bar = Progress(
            TextColumn("{task.description}"),
            BarColumn(bar_width=None),
            TextColumn("{task.percentage:>3.0f} %"),
            TextColumn("{task.fields[losses]}"),
            TimeElapsedColumn(),
            TextColumn("left"),
            TimeRemainingColumn(),
            console=self.console,
            disable=silent or not self.console.is_terminal,
        )
        self._task = self._bar.add_task("fit", total=1.0, losses="")
        self._ap50: float | None = None

    def __enter__(self) -> Talk:
        self._bar.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._bar.stop()

    def say(self, line: str) -> None:
        """One line, above the bar where there is one."""
        self.console.print(line, markup=False, soft_wrap=True)

    def advance(self, progress: float, step: int, losses: dict[str, float], rate: float) -> None:
        """Move the bar to `progress`."""
        parts = " ".join(f"{name} {value:.3f}" for name, value in losses.items())
        ap50 = "" if self._ap50 is None else f" AP50 {self._ap50:.3f}"
        self._bar.update(self._task, completed=progress, losses=f"step {step} {parts} lr {rate:.1e}{ap50}")

    def evaluated(self, step: int, progress: float, metrics: dict[str, float], best: bool) -> None:
        """Report one evaluation."""
        self._ap50 = metrics["ap50"]
        mark = " (best)" if best else ""
        self.say(f"step {step} {progress:4.0%}: AP50 {metrics['ap50']:.3f} AP {metrics['ap']:.3f}{mark}")
