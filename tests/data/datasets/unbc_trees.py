"""Trees in the layout of UNBC-McMaster, with number formats as MATLAB writes them."""

from pathlib import Path

import numpy as np

from tests.data.datasets.trees import touch
from transferpain.data.datasets.unbc_facts import SEQUENCE_FRAMES, SUBJECTS


def matlab(value: float) -> str:
    return f"   {value:.7e}"


LANDMARKS = "".join(f"{matlab(x)}{matlab(x / 2)}\n" for x in range(66))


def facs_text(units: dict[int, int]) -> str:
    """One row per action unit, with the two numbers nobody knows the meaning of."""
    return "".join(f"{matlab(unit)}{matlab(value)}{matlab(0)}{matlab(0)}\n" for unit, value in units.items())


def score_of(units: dict[int, int]) -> int:
    value = units.get
    return value(4, 0) + max(value(6, 0), value(7, 0)) + max(value(9, 0), value(10, 0)) + (43 in units)


def make_sequence(top: Path, subject: str, clip: str, frames: list[dict[int, int]], picture: bytes = b"x") -> None:
    """Write one sequence; `frames` are the action units of its frames."""
    for number, units in enumerate(frames, start=1):
        name = f"{clip}{number:03d}"
        touch(top / "Images" / subject / clip / f"{name}.png", picture)
        labels = top / "Frame_Labels"
        score = f"{matlab(score_of(units))}\n".encode()
        touch(labels / "PSPI" / subject / clip / f"{name}_facs.txt", score)
        touch(labels / "FACS" / subject / clip / f"{name}_facs.txt", facs_text(units).encode())
        touch(top / "AAM_landmarks" / subject / clip / f"{name}_aam.txt", LANDMARKS.encode())
    for scale, value in {"AFF": 7, "OPR": 3, "SEN": 10, "VAS": 6}.items():
        touch(top / "Sequence_Labels" / scale / subject / f"{clip}.txt", f"{matlab(value)}\n".encode())


def make_unbc(top: Path, subjects: tuple[str, ...] = SUBJECTS[:2], sequences: int = 2, frames: int = 4) -> None:
    """Write the first sequences of some subjects; PSPI goes 0, 1, 2, ... 15 and round again."""
    for subject in subjects:
        names = [name for name in SEQUENCE_FRAMES if name.startswith(subject[4:])][:sequences]
        for clip in names:
            make_sequence(top, subject, clip, [units_of(number % 16) for number in range(frames)])


def make_whole_unbc(top: Path) -> None:
    """Write a tree with all 200 sequences and 48,398 frames."""
    random = np.random.default_rng(0)
    for clip, frames in SEQUENCE_FRAMES.items():
        subject = next(name for name in SUBJECTS if name[4:] == clip[:5])
        make_sequence(top, subject, clip, [units_of(int(score)) for score in random.geometric(0.8, frames) - 1])


def units_of(score: int) -> dict[int, int]:
    """Return action units with this PSPI, up to 15."""
    units = {}
    for unit in (4, 6, 10):
        share = min(score, 5)
        score -= share
        if share:
            units[unit] = share
    return units
