"""Clips that show nothing: empty files, and videos without a frame that can be decoded."""

import os
from concurrent.futures import ThreadPoolExecutor

from transferpain.core.quiet import silence_opencv
from transferpain.data.datasets.index import Index
from transferpain.data.media.medium import Medium, UnreadableMedium
from transferpain.data.media.reader import open_medium
from transferpain.inputs.faces.measure import MEDIUM_COLUMNS, medium_of
from transferpain.inputs.features.own_kinds.registry import OWN_KINDS

SHOWN = 5
FATE = (
    "They stay in the index. A run learns nothing from them, answers them by how common each class is, and lists them "
    "in unusable.csv: replace the files, or delete their rows."
)


def describe_unreadable(index: Index) -> list[str]:
    """Return how many clips show not one frame, the first of them and why, and what becomes of them, in a sentence.

    Of each clip as much is decoded as its first picture needs; clips that are numbers alone are left out.
    """
    silence_opencv()
    clips = index.clips[~index.clips["kind"].isin(OWN_KINDS)]
    media = [medium_of(row, index.data_root) for row in clips[MEDIUM_COLUMNS].itertuples()]
    with ThreadPoolExecutor(os.cpu_count()) as threads:
        faults = threads.map(_fault_of, media)
    wrong = [f"{name} ({fault})" for name, fault in zip(clips["media"], faults, strict=True) if fault]
    if not wrong:
        return []
    more = f" and {len(wrong) - SHOWN} more" if len(wrong) > SHOWN else ""
    return [f"{len(wrong)} of {len(clips)} clips show not one frame: {'; '.join(wrong[:SHOWN])}{more}. {FATE}"]


def _fault_of(medium: Medium) -> str:
    try:
        next(open_medium(medium)[1])
    except UnreadableMedium as error:
        return str(error)
    except OSError as error:
        return f"it cannot be read: {error.strerror}"
    return ""
