"""BioVid Heat Pain Database, Part A: videos of 87 people under four levels of heat."""

import re
from pathlib import Path

import pandas as pd

from transferpain.data.datasets.dataset import VIDEO_SUFFIXES, Dataset, Neutral, Reading
from transferpain.data.media.walk import list_folder, walk_files

SUBJECT = re.compile(r"(\d{6})_([mw])_(\d{2})")
SAMPLE = re.compile(r"(\d{6}_[mw]_\d{2})-(BL1|PA[1-4])-(\d{3})")
STIMULI = ("BL1", "PA1", "PA2", "PA3", "PA4")
CLIPS_PER_STIMULUS = 20
NOMINAL_FRAMES = 138
NOMINAL_FPS = 25.0

# The validation subjects of the creators' hold-out proposal (BioVid_HoldOutEval_Proposal.pdf, nit.ovgu.de);
# the other 61 train.
HOLDOUT_SUBJECTS = tuple(
    """
    100914_m_39 101114_w_37 082315_w_60 083114_w_55 083109_m_60 072514_m_27 080309_m_29 112016_m_25
    112310_m_20 092813_w_24 112809_w_23 112909_w_20 071313_m_41 101309_m_48 101609_m_36 091809_w_43
    102214_w_36 102316_w_50 112009_w_43 101814_m_58 101908_m_61 102309_m_61 112209_m_51 112610_w_60
    112914_w_51 120514_w_56
    """.split()  # noqa: SIM905
)

# Subjects without a visible reaction, dropped for the 67-subject subset (Werner et al., ACIIW 2017).
LOW_REACTIVE_SUBJECTS = tuple(
    """
    082315_w_60 082414_m_64 082909_m_47 083009_w_42 083013_w_47 083109_m_60 083114_w_55 091914_m_46
    092009_m_54 092014_m_56 092509_w_51 092714_m_64 100514_w_51 100914_m_39 101114_w_37 101209_w_61
    101809_m_59 101916_m_40 111313_m_64 120614_w_61
    """.split()  # noqa: SIM905
)

LAYOUT = """\
  [PartA/]video/071309_w_21/071309_w_21-BL1-081.mp4   <mmddNN>_<m|w>_<age>, then BL1 or PA1..PA4 and a number
  [PartA/]starting_point/samples.csv                  optional list of the samples"""


def is_marked(folder: Path) -> bool:
    """Tell whether a folder holds `video/` or the subjects' folders themselves."""
    names = [entry.name.strip() for entry in list_folder(folder) if entry.is_dir()]
    return any(name.lower() == "video" or SUBJECT.fullmatch(name) for name in names)


def read(top: Path, data_root: Path, cache: Path | None) -> Reading:
    """Index the videos: one clip per file, labelled by the stimulus in its name."""
    files = list(walk_files(top))
    videos = [path for path in files if path.suffix.strip().lower() in VIDEO_SUFFIXES]
    rows = []
    problems = []
    for path in videos:
        sample = SAMPLE.fullmatch(path.stem.strip())
        media = path.relative_to(data_root).as_posix()
        if sample is None or path.parent.name.strip() != sample[1]:
            problems.append(f"{media}: not <subject>/<subject>-<class>-<nnn>, ignored.")
            continue
        _, sex, age = SUBJECT.fullmatch(sample[1]).groups()
        rows.append(
            {
                "dataset": "biovid",
                "subject": sample[1],
                "clip": sample[0],
                "media": media,
                "kind": "video",
                "first_frame": 0,
                "num_frames": NOMINAL_FRAMES,
                "fps": NOMINAL_FPS,
                "bytes": path.stat().st_size,
                "split": "",
                "stimulus": sample[2],
                "sex": sex,
                "age": int(age),
            }
        )
    clips = pd.DataFrame(rows)
    if not clips.empty:
        clips = clips.astype({"num_frames": "Int64", "fps": "Float64", "bytes": "Int64", "age": "Int64"})
        problems += _absent_samples(files, set(clips["clip"]))
    return Reading(clips, tuple(problems))


def _absent_samples(files: list[Path], found: set[str]) -> list[str]:
    """Name the samples that `samples.csv` lists and no video shows."""
    lists = [path for path in files if path.name.strip().lower() == "samples.csv"]
    if not lists:
        return []
    lines = lists[0].read_text(encoding="utf-8", errors="replace").splitlines()
    cells = [cell.strip() for line in lines for cell in line.split("\t")]
    listed = [cell for cell in cells if SAMPLE.fullmatch(cell)]
    absent = [sample for sample in listed if sample not in found]
    return [f"{sample}: listed in samples.csv, but its video is missing." for sample in absent]


def count(clips: pd.DataFrame, frames: None = None) -> dict[str, int]:
    """Count subjects and clips, by sex and by stimulus."""
    subjects = clips.drop_duplicates("subject")
    return {
        "subjects": len(subjects),
        "subjects, men": int((subjects["sex"] == "m").sum()),
        "subjects, women": int((subjects["sex"] == "w").sum()),
        "subjects of the hold-out": int(subjects["subject"].isin(HOLDOUT_SUBJECTS).sum()),
        "clips": len(clips),
        **{f"clips {stimulus}": int((clips["stimulus"] == stimulus).sum()) for stimulus in STIMULI},
    }


DATASET = Dataset(
    name="biovid",
    title="BioVid Heat Pain Database, Part A",
    folder="biovid",
    licence="Non-commercial research, after a signed agreement with the creators.",
    citation="Walter et al., The BioVid Heat Pain Database, IEEE CYBCO 2013",
    request_url="https://www.nit.ovgu.de/BioVid.html",
    redistributable=False,
    notice="Videos of identifiable people: keep the files, frames and crops where the agreement allows them.",
    layout=LAYOUT,
    expected={
        "subjects": 87,
        "subjects, men": 44,
        "subjects, women": 43,
        "subjects of the hold-out": len(HOLDOUT_SUBJECTS),
        "clips": 8700,
        **{f"clips {stimulus}": 87 * CLIPS_PER_STIMULUS for stimulus in STIMULI},
    },
    clip_seconds=5.52,
    traps=(
        "The face reacts late: little happens in the first two seconds of a clip.",
        "20 of the 87 subjects hardly react (LOW_REACTIVE_SUBJECTS); leaving them out must be said.",
        "Parts B to D show the same people under other file names.",
    ),
    is_marked=is_marked,
    read=read,
    count=count,
    neutral=Neutral("stimulus", ("BL1",)),
)
