"""Indexing trees of the official sizes: for the first time and again, each in a process of its own."""

import multiprocessing
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

import numpy as np

from benchmarks.measure import Figure, main
from transferpain.data.datasets import biovid, ferplus
from transferpain.data.datasets.ferplus import read_images
from transferpain.data.datasets.index import read_index
from transferpain.data.datasets.unbc_facts import SEQUENCE_FRAMES, SUBJECTS
from transferpain.data.synthetic.biovid import SUBJECTS as BIOVID_SUBJECTS
from transferpain.data.synthetic.unbc import CODED, facs_rows, matlab_rows, score

LANDMARKS = matlab_rows(np.arange(132).reshape(66, 2))
RATINGS = {"AFF": 7, "OPR": 3, "SEN": 10, "VAS": 6}
INTENSITIES = (0.96, 0.02, 0.01, 0.005, 0.005)  # shares of 0 to 4; the speed hangs on the number of files


class Sizes(NamedTuple):
    sequences: int
    subjects: int
    images: int


FULL = Sizes(len(SEQUENCE_FRAMES), len(BIOVID_SUBJECTS), 35_887)
QUICK = Sizes(2, 2, 20)


class Measured(NamedTuple):
    """What one call took.

    Attributes:
        seconds: of the call, without the start of Python and the imports of this file.
        gigabytes: the largest resident memory of the process, in units of 1e9 bytes.
        rows: what the call returned.
    """

    seconds: float
    gigabytes: float
    rows: int


def measure(folder: Path, quick: bool) -> dict:
    sizes = QUICK if quick else FULL
    frames = write_unbc(folder / "data" / "unbc", sizes.sequences)
    videos = write_biovid(folder / "data" / "biovid", sizes.subjects)
    megabytes = write_fer2013(folder / "data" / "ferplus", sizes.images) / 1e6
    cases = {
        f"UNBC-McMaster, {frames} frames": (index_frames, frames, (30, 2, 0.5)),
        f"BioVid, {videos} videos": (index_clips, videos, (10, None, None)),
        f"FER2013, {megabytes:.0f} MB, with its pixels": (index_images, sizes.images, (15, None, 1)),
    }
    figures, calls = [], {}
    for what, (work, expected, (first_target, again_target, memory_target)) in cases.items():
        first, again = (in_own_process(work, folder / "data", folder / "cache") for _ in range(2))
        if {first.rows, again.rows} != {expected}:
            raise RuntimeError(f"{what}: {first.rows} and {again.rows} rows were indexed, not {expected}")
        figures += [
            Figure(f"{what}: first", first.seconds, "s", most=first_target),
            Figure(f"{what}: again", again.seconds, "s", most=again_target),
            Figure(f"{what}: peak memory", max(first.gigabytes, again.gigabytes), "GB", most=memory_target),
        ]
        calls[what] = {"first": first._asdict(), "again": again._asdict()}
    return {"figures": figures, "calls": calls}


def in_own_process(work, data_root: Path, cache: Path) -> Measured:
    """Measure `work(data_root, cache) -> rows` in a new process."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(timed, work, data_root, cache).result()


def timed(work, data_root: Path, cache: Path) -> Measured:
    started = time.monotonic()
    rows = work(data_root, cache)
    return Measured(time.monotonic() - started, peak_gigabytes(), rows)


def peak_gigabytes() -> float:
    """Return the largest resident memory of this process, in GB of 1e9 bytes.

    `getrusage` would tell the parent's where that was larger.
    """
    status = Path("/proc/self/status").read_text(encoding="utf-8").splitlines()
    return next(int(line.split()[1]) for line in status if line.startswith("VmHWM")) * 1024 / 1e9


def index_frames(data_root: Path, cache: Path) -> int:
    return len(read_index("unbc", data_root, cache).frames)


def index_clips(data_root: Path, cache: Path) -> int:
    return len(read_index("biovid", data_root, cache).clips)


def index_images(data_root: Path, cache: Path) -> int:
    """Index FER2013 and look at each pixel, as a training does."""
    clips, images = read_index("ferplus", data_root, cache).clips, read_images(data_root, cache)
    assert images[clips["first_frame"].to_numpy()].any(axis=(1, 2)).all()
    return len(clips)


def write_unbc(top: Path, sequences: int, painless: int = 0) -> int:
    """Write a tree with the first of the 200 official sequences, invented labels and no real picture; count frames.

    Args:
        painless: so many sequences, the first, show no action unit at all.
    """
    random = np.random.default_rng(0)
    lengths = dict(list(SEQUENCE_FRAMES.items())[:sequences])
    for number, (clip, frames) in enumerate(lengths.items()):
        place = f"{next(name for name in SUBJECTS if name[4:] == clip[:5])}/{clip}"
        codes = random.choice(len(INTENSITIES), (frames, len(CODED)), p=INTENSITIES)
        codes[:, CODED.index(43)] = codes[:, CODED.index(43)] > 0
        codes *= number >= painless
        stems = [f"{clip}{frame:03d}" for frame in range(1, frames + 1)]
        write_files(top / "Images" / place, ".png", dict.fromkeys(stems, "x"))
        pspi = [matlab_rows([[value]]) for value in score(codes)]
        write_files(top / "Frame_Labels" / "PSPI" / place, "_facs.txt", dict(zip(stems, pspi, strict=True)))
        facs = map(facs_rows, codes)
        write_files(top / "Frame_Labels" / "FACS" / place, "_facs.txt", dict(zip(stems, facs, strict=True)))
        write_files(top / "AAM_landmarks" / place, "_aam.txt", dict.fromkeys(stems, LANDMARKS))
        for scale, value in RATINGS.items():
            write_files(top / "Sequence_Labels" / scale / place[:9], ".txt", {clip: matlab_rows([[value]])})
    return sum(lengths.values())


def write_biovid(top: Path, subjects: int) -> int:
    """Write files of the official names, which an index does not open; return their number."""
    for subject in BIOVID_SUBJECTS[:subjects]:
        number = range(biovid.CLIPS_PER_STIMULUS)
        stems = [f"{subject}-{stimulus}-{take:03d}" for stimulus in biovid.STIMULI for take in number]
        write_files(top / "PartA" / "video" / subject, ".mp4", dict.fromkeys(stems, "x"))
    return subjects * len(biovid.STIMULI) * biovid.CLIPS_PER_STIMULUS


def write_fer2013(top: Path, rows: int) -> int:
    """Write both files with random pixels, in the official shares of the splits; return the pixels' bytes."""
    top.mkdir(parents=True)
    random = np.random.default_rng(0)
    usages = [list(ferplus.SPLITS)[part] for part in np.searchsorted([0.8, 0.9], np.arange(rows) / rows, side="right")]
    numbers = np.array([str(value) for value in range(256)], dtype=object)
    with open(top / ferplus.IMAGES_NAME, "w", encoding="ascii") as file:
        file.write("emotion,pixels,Usage\n")
        for row, usage in enumerate(usages):
            pixels = numbers[random.integers(0, 256, ferplus.SIZE**2)]
            file.write(f"{row % 7},{' '.join(pixels)},{usage}\n")
    votes = ",".join("10" if name == "neutral" else "0" for name in ferplus.VOTES)
    lines = [f"{usage},fer{row:07d}.png,{votes}" for row, usage in enumerate(usages)]
    header = ",".join(["Usage", "Image name", *ferplus.VOTES])
    (top / ferplus.VOTES_NAME).write_text("\n".join([header, *lines]) + "\n", encoding="ascii")
    return (top / ferplus.IMAGES_NAME).stat().st_size


def write_files(folder: Path, ending: str, contents: dict[str, str]) -> None:
    """Write a file for each stem."""
    folder.mkdir(parents=True, exist_ok=True)
    for stem, text in contents.items():
        (folder / f"{stem}{ending}").write_text(text, encoding="ascii")


if __name__ == "__main__":
    main("indexing", measure)
