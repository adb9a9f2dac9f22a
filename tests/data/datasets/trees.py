"""Small trees in the official layouts; empty files suffice, because an index decodes nothing."""

from importlib import import_module
from pathlib import Path

import numpy as np

VOTES_HEADER = "Usage,Image name,neutral,happiness,surprise,sadness,anger,disgust,fear,contempt,unknown,NF"


def touch(path: Path, content: bytes = b"x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def draw_own(dataset: str, top: Path) -> None:
    """Write the small copy of a dataset that the function `draw` of its own test writes."""
    import_module(f"tests.data.datasets.test_{dataset}").draw(top)


def make_biovid(top: Path, subjects: tuple[str, ...], clips_per_stimulus: int = 2) -> None:
    for subject in subjects:
        number = 0
        for stimulus in ("BL1", "PA1", "PA2", "PA3", "PA4"):
            for _ in range(clips_per_stimulus):
                number += 1
                touch(top / "video" / subject / f"{subject}-{stimulus}-{number:03d}.mp4")


def make_ai4pain(top: Path, subjects_by_split: dict[str, range], clips_per_level: int = 2) -> None:
    for split, subjects in subjects_by_split.items():
        for subject in subjects:
            folder = top / split / "video" / str(subject)
            touch(folder / f"{subject}_Baseline.mp4")
            for number in range(1, clips_per_level + 1):
                touch(folder / f"{subject}_Pain_LOW_{number}.mp4")
                touch(folder / f"{subject}_Pain_HIGH_{number}.mp4")
                touch(folder / f"{subject}_Rest_{number}.mp4")


def make_mintpain(top: Path, names: dict[int, str], sweeps: int = 2, pictures: int = 3) -> None:
    """Write one trial per subject: each sweep has a folder without pain and one with level 1, 2, 3, 4, 1, ..."""
    for number, name in names.items():
        trial = f"Sub{number:02d}_Trial01"
        for sweep in range(1, sweeps + 1):
            for level in (0, (sweep - 1) % 4 + 1):
                clip = f"{trial}_Sweep{sweep:02d}_Label{level}"
                folder = top / "Extracted_Data" / f"Sub{number} {name}" / f"Annotated_data_{trial}" / clip
                for picture in range(pictures):
                    touch(folder / "RGB" / f"RGB-12-0{level}-{picture:02d}-0040.jpg")
                    touch(folder / "D" / f"D-12-0{level}-{picture:02d}-0040.png")


def write_ferplus(
    top: Path, images: np.ndarray, usages: list[str], votes: np.ndarray, emotions: list[int] | None = None
) -> None:
    """Write both files; `images` is `(rows, 48, 48)` and `votes` `(rows, 10)`."""
    top.mkdir(parents=True, exist_ok=True)
    emotions = emotions or [0] * len(usages)
    pixels = [" ".join(map(str, image.ravel().tolist())) for image in images]
    rows = [f"{emotion},{text},{usage}" for emotion, text, usage in zip(emotions, pixels, usages, strict=True)]
    (top / "fer2013.csv").write_text("\n".join(["emotion,pixels,Usage", *rows]) + "\n")
    lines = [
        f"{usage},fer{row:07d}.png,{','.join(map(str, vote))}"
        for row, (usage, vote) in enumerate(zip(usages, votes.tolist(), strict=True))
    ]
    (top / "fer2013new.csv").write_text("\n".join([VOTES_HEADER, *lines]) + "\n")


def small_ferplus(top: Path) -> np.ndarray:
    """Write six rows, the fifth of which repeats the first image in another split; return the images."""
    images = np.random.default_rng(0).integers(0, 256, (6, 48, 48), dtype=np.uint8)
    images[4] = images[0]
    votes = np.zeros((6, 10), dtype=int)
    votes[np.arange(6), [0, 1, 2, 3, 0, 9]] = 10
    usages = ["Training"] * 3 + ["PublicTest"] * 2 + ["PrivateTest"]
    write_ferplus(top, images, usages, votes, emotions=[6, 3, 5, 4, 6, 0])
    return images
