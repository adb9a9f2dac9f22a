"""A bar with a rate and the time left, on every long stage."""

from collections.abc import Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
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


@contextmanager
def progress_bar(label: str, total: float | None, unit: str) -> Iterator:
    """Show one bar and yield `advance(amount)`.

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
    with Progress(*columns, console=console, refresh_per_second=4) as progress:
        task = progress.add_task(printable(label), total=total, unit=unit)
        yield lambda amount=1: progress.advance(task, amount)


def note(message: str) -> None:
    """Print one line beside the bars; what would steer a terminal, as in somebody's names, is not passed on."""
    console.print(printable(message), highlight=False, markup=False, soft_wrap=True)
