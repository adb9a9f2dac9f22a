"""A bar with a rate and the time left, on every long stage."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskID,
    TextColumn,
    TimeElapsedColumn,
    TimeRemainingColumn,
)
from rich.text import Text

from transferpain.core.errors import printable

# Progress and notes go to standard error, so that standard output holds results only.
console = Console(stderr=True, emoji=False)


class RateColumn(ProgressColumn):
    """Units done a second, such as `212 frames/s`."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        unit = task.fields.get("unit", "items")
        return Text(f"{speed:.0f} {unit}/s" if speed else f"- {unit}/s", no_wrap=True)


class _WithLines(Progress):
    """A bar, and lines of text below it."""

    lines: tuple[str, ...] = ()

    def get_renderables(self):
        yield from super().get_renderables()
        yield from (Text(printable(line), no_wrap=True, overflow="ellipsis") for line in self.lines)


class Bar:
    """A shown bar; called with an amount it advances."""

    def __init__(self, progress: _WithLines, task: TaskID):
        self._progress, self._task = progress, task

    def __call__(self, amount: float = 1) -> None:
        self._progress.advance(self._task, amount)

    def show(self, lines: Sequence[str]) -> None:
        """Show lines of text below the bar, in place of those that were there."""
        self._progress.lines = tuple(lines)


@contextmanager
def progress_bar(label: str, total: float | None, unit: str) -> Iterator[Bar]:
    """Show one bar and yield it: `bar(amount)` advances it.

    Args:
        label: what is being done, e.g. `faces (biovid)`.
        total: the number of units, or `None` when it is not known yet.
        unit: the plural name of a unit, e.g. `frames`.
    """
    columns = (
        TextColumn("{task.description:<24}", markup=False),
        BarColumn(bar_width=10),
        TextColumn("{task.percentage:>3.0f}%"),
        RateColumn(),
        TimeElapsedColumn(),
        TextColumn("left"),
        TimeRemainingColumn(),
    )
    with _WithLines(*columns, console=console, refresh_per_second=4) as progress:
        yield Bar(progress, progress.add_task(printable(label), total=total, unit=unit))
        progress.lines = ()


def note(message: str) -> None:
    """Print one line beside the bars; what would steer a terminal, as in somebody's names, is not passed on."""
    console.print(printable(message), highlight=False, markup=False, soft_wrap=True)
