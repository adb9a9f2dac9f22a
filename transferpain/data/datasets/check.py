"""What is found of a dataset, beside what its owners ship."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from transferpain.core.progress import progress_bar
from transferpain.data.datasets.deep import decode_clips
from transferpain.data.datasets.index import Index, read_index

SHOWN_PROBLEMS = 10
SHOWN_SUBJECTS = 5


@dataclass(frozen=True)
class CheckRow:
    """One count: what is counted, how many were found, the official number (`None` if there is none)."""

    what: str
    found: int
    expected: int | None


@dataclass(frozen=True)
class CheckReport:
    """The result of a check; `dataclasses.asdict` makes it JSON.

    Attributes:
        dataset: its name.
        rows: the counts.
        warnings: what differs, was skipped or is damaged, a sentence each, the same kind no more than ten times.
        synthetic: whether the faces are synthetic.
        deep: whether the media were decoded.
        problems: all that was skipped or is damaged, a sentence each.
        traps: properties of the official data that mislead.
        twin: whether the data is a drawn twin, whose counts need not be the official ones.
        synthetic_faces: what synthetic faces are called.
    """

    dataset: str
    rows: tuple[CheckRow, ...]
    warnings: tuple[str, ...]
    synthetic: bool
    deep: bool
    problems: tuple[str, ...]
    traps: tuple[str, ...]
    twin: bool = False
    synthetic_faces: tuple[str, ...] = ()


def check_dataset(name: str, data_root: Path, cache: Path | None = None, deep: bool = False) -> CheckReport:
    """Count what is found of a dataset, and compare it with what its owners ship.

    A partial copy gives warnings.

    Args:
        name: of the dataset.
        data_root: as for `read_index`.
        cache: as for `read_index`.
        deep: decode every picture and video, too, which takes minutes.

    Raises:
        UserError: if the dataset is unknown or nothing fits its layout.
    """
    index = read_index(name, data_root, cache)
    dataset = index.dataset
    found = dataset.count(index.clips, index.frames)
    problems = list(index.problems)
    if deep:
        decoded, damage = _look_inside(index)
        found |= decoded
        problems += damage
    rows = tuple(CheckRow(what, number, dataset.expected.get(what)) for what, number in found.items())
    warnings = []
    if dataset.expected:
        warnings += [] if index.twin else _differences(rows)
        warnings += _uneven_subjects(index.clips)
    if dataset.compare and not index.twin:
        warnings += _shorten(dataset.compare(index.clips, index.frames), SHOWN_PROBLEMS)
    warnings += _empty_files(index.clips)
    return CheckReport(
        dataset=name,
        rows=rows,
        warnings=tuple(warnings + _shorten(problems, SHOWN_PROBLEMS)),
        synthetic=index.synthetic,
        deep=deep,
        problems=tuple(problems),
        traps=dataset.traps,
        twin=index.twin,
        synthetic_faces=index.synthetic_faces,
    )


def _look_inside(index: Index) -> tuple[dict[str, int], list[str]]:
    """Decode all media; return counts, and what is damaged."""
    nominal = index.clips["num_frames"].sum(skipna=False)
    with progress_bar(
        f"decode ({index.dataset.name})", None if pd.isna(nominal) else int(nominal), "frames"
    ) as advance:
        clips = decode_clips(index.clips, index.data_root, advance)
    problems = [problem for clip in clips for problem in clip.problems]
    if index.dataset.inspect:
        problems += index.dataset.inspect(index.clips, index.data_root)
    counts = {
        "frames decoded": sum(clip.frames for clip in clips),
        "damaged files": sum(clip.damaged for clip in clips),
        "black pictures": sum(clip.black for clip in clips),
    }
    return counts, problems


def _differences(rows: tuple[CheckRow, ...]) -> list[str]:
    return [
        f"{row.what}: {row.found} found, {row.expected} expected."
        for row in rows
        if row.expected is not None and row.found != row.expected
    ]


def _uneven_subjects(clips: pd.DataFrame) -> list[str]:
    """Name the subjects with fewer clips than most subjects of their split; images have no subjects."""
    warnings = []
    for split, part in clips[clips["kind"].isin(["video", "span"])].groupby("split"):
        sizes = part["subject"].value_counts(sort=False)
        usual = int(sizes.mode().max())
        fewer = [f"{subject} ({size})" for subject, size in sizes.items() if size < usual]
        if fewer:
            where = f" in {split}" if split else ""
            named = ", ".join(_shorten(fewer, SHOWN_SUBJECTS))
            warnings.append(f"Most subjects{where} have {usual} clips; fewer have: {named}.")
    return warnings


def _empty_files(clips: pd.DataFrame) -> list[str]:
    empty = clips.loc[(clips["bytes"] == 0).fillna(False), "media"].tolist()
    return _shorten([f"{media}: an empty file." for media in empty], SHOWN_PROBLEMS)


def _shorten(items: list[str], shown: int) -> list[str]:
    rest = len(items) - shown
    return [*items[:shown], f"and {rest} more"] if rest > 0 else items
