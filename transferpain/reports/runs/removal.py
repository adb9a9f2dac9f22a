"""What would be removed with runs, and what depends on it: shown before anybody is asked."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.experiments.runs.find import shortened
from transferpain.experiments.runs.listed import list_run, state_in_words
from transferpain.experiments.runs.remove import check_removable, size_of
from transferpain.reports.runs.depending import Dependent, dependents_rows, read_uses


@dataclass(frozen=True)
class Removal:
    """Runs that are to be removed.

    Attributes:
        folders: of the runs, each once.
        rows: name, state and megabytes of each.
        depending: rows of what depends on them, of what stays.
        question: that is asked.
        done: what is said when they are gone.
    """

    folders: tuple[Path, ...]
    rows: list[list[str]]
    depending: list[list[str]]
    question: str
    done: str


def examine(folders: Sequence[Path], workspace: Path) -> Removal:
    """Look at runs that are to be removed, and at what depends on them.

    Raises:
        UserError: as `check_removable`; if a process works on one of them, or on a run whose source one is.
    """
    folders = tuple(dict.fromkeys(folders))
    for folder in folders:
        check_removable(folder, workspace)
    uses = read_uses(workspace)
    gone = {folder.resolve() for folder in folders}
    found: dict[Path, list[Dependent]] = {}
    for folder in folders:
        inside = workspace / "runs" / folder.name
        found[folder] = [one for one in uses.of(inside) if not any(one.place.resolve() == other for other in gone)]
    for folder, dependents in found.items():
        for one in dependents:
            if one.held:
                raise UserError(
                    f"The run {folder.name} is in use.",
                    rule="A run is not removed while another is computed from it.",
                    received=f"a process works on {one.place.name}",
                    todo="Wait for it. Nothing was removed.",
                )
    listed = [list_run(folder) for folder in folders]
    sizes = [size_of(folder) / 1e6 for folder in folders]
    rows = [[one.folder.name, state_in_words(one), f"{size:,.1f}"] for one, size in zip(listed, sizes, strict=True)]
    names = shortened([folder.name for folder in folders])
    number = sum(map(len, found.values()))
    depends = f" {number} thing{'s depend' if number > 1 else ' depends'} on it." if number else ""
    return Removal(
        folders,
        rows,
        dependents_rows(found, workspace),
        f"Remove {names}, {sum(sizes):,.1f} MB?{depends}",
        f"removed: {names}, {sum(sizes):,.1f} MB.",
    )
