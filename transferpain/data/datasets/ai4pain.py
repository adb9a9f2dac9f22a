"""AI4Pain Grand Challenge 2024: videos of 65 people under low and high electrical pain."""

import re
from pathlib import Path

import pandas as pd

from transferpain.core.foreign import border
from transferpain.core.yaml_file import read_yaml
from transferpain.data.datasets.dataset import VIDEO_SUFFIXES, Dataset, Neutral, Reading
from transferpain.data.media.walk import list_folder, walk_files

SPLITS = {
    "train": "train",
    "training": "train",
    "validation": "validation",
    "valid": "validation",
    "val": "validation",
    "test": "test",
    "testing": "test",
}
LEVEL_TOKEN = re.compile(r"(?<![a-z])(baseline|low|high|rest)(?![a-z])", re.IGNORECASE)
CAMEL_BORDER = re.compile(r"(?<=[a-z])(?=[A-Z])")
LEVELS = {"baseline": "none", "low": "low", "high": "high"}
RULES_NAME = "names.yaml"
NameRules = dict[str, re.Pattern]
NOMINAL_FPS = 30.0
NOMINAL_FRAMES = {"none": 1800, "low": 300, "high": 300}
SUBJECTS = {"train": 41, "validation": 12, "test": 12}
PAIN_CLIPS_PER_LEVEL = 12

LAYOUT = """\
  Train/video/<subject>/<subject>_Baseline.mp4          subject is a number
  Train/video/<subject>/<subject>_Pain_LOW_<n>.mp4      also HIGH; names with "rest" are left out
  Validation/video/<subject>/...
  Test/video/<subject>/...                              may be unlabelled: any video name
  names.yaml                                            optional, for other names: none, low, high, rest, each
                                                        a regular expression for the whole name without suffix"""


def is_marked(folder: Path) -> bool:
    """Tell whether a folder holds `Train`, `Validation` or `Test`."""
    return any(entry.is_dir() and entry.name.strip().lower() in SPLITS for entry in list_folder(folder))


def find_level(stem: str, rules: NameRules | None = None) -> tuple[str | None, str]:
    """Return the level that a file name states, and what is wrong with the name.

    Args:
        stem: the name without its suffix.
        rules: the user's own, by level, from `names.yaml`; they replace the usual ones.

    Returns:
        `("none" | "low" | "high" | "rest", "")`, or `(None, reason)` where the name states no level or two.
    """
    if rules:
        levels = [level for level, rule in rules.items() if rule.fullmatch(stem)]
        if len(levels) == 1:
            return levels[0], ""
        return None, f"fits more than one of {', '.join(levels)}" if levels else f"fits no rule of {RULES_NAME}"
    tokens = {token.lower() for token in LEVEL_TOKEN.findall(CAMEL_BORDER.sub("_", stem))}
    # The rest after a stimulus may repeat the stimulus' own name.
    if "rest" in tokens:
        return "rest", ""
    if len(tokens) == 1:
        return LEVELS[tokens.pop()], ""
    if tokens:
        return None, f"states more than one of {', '.join(sorted(tokens))}"
    return None, "holds none of baseline, low, high, rest"


def find_subject(path: Path) -> str | None:
    """Return the subject: the number of the parent folder, else the first number of the file name."""
    parent = re.fullmatch(r"\D*(\d+)\D*", path.parent.name)
    number = parent or re.match(r"\D*(\d+)", path.stem)
    return str(int(number[1])) if number else None


def read(top: Path, data_root: Path, cache: Path | None) -> Reading:
    """Index the videos: one clip per file, split by folder, labelled by the file's name.

    Rest videos are left out. A test video whose name states no level is unlabelled.
    """
    rows = []
    problems = []
    rules = read_rules(top / RULES_NAME)
    for folder in list_folder(top):
        split = SPLITS.get(folder.name.strip().lower()) if folder.is_dir() else None
        if split is None:
            continue
        for path in walk_files(folder):
            if path.suffix.strip().lower() not in VIDEO_SUFFIXES:
                continue
            media = path.relative_to(data_root).as_posix()
            level, fault = find_level(path.stem.strip(), rules)
            subject = find_subject(path)
            if level == "rest":
                continue
            if level is None and (split != "test" or "more than one" in fault):
                problems.append(f"{media}: its name {fault}, ignored.")
            elif subject is None:
                problems.append(f"{media}: no subject's number in its folder's or its own name, ignored.")
            else:
                rows.append(_row(path, media, subject, split, level))
    clips = pd.DataFrame(rows)
    if not clips.empty:
        clips = clips.astype({"num_frames": "Int64", "fps": "Float64", "bytes": "Int64", "level": "string"})
    return Reading(clips, tuple(problems))


def read_rules(path: Path) -> NameRules | None:
    """Read the user's own rules for names, or return `None` if there is no such file.

    Raises:
        UserError: if the file is not a mapping from levels to regular expressions.
    """
    if not path.is_file():
        return None
    rule = "It gives a regular expression each for some of none, low, high and rest."
    with border(f"{path} cannot be used.", rule=rule, todo="Correct it, or remove it."):
        rules = read_yaml(path)
        if not rules or not set(rules) <= {*LEVELS.values(), "rest"}:
            raise ValueError(f"its keys are {', '.join(map(str, rules or ()))}")
        return {level: re.compile(one, re.IGNORECASE) for level, one in rules.items()}


def _row(path: Path, media: str, subject: str, split: str, level: str | None) -> dict:
    return {
        "dataset": "ai4pain",
        "subject": subject,
        "clip": f"{split}-{subject}-{path.stem.strip()}",
        "media": media,
        "kind": "video",
        "first_frame": 0,
        "num_frames": NOMINAL_FRAMES.get(level),
        "fps": NOMINAL_FPS,
        "bytes": path.stat().st_size,
        "split": split,
        "level": level,
    }


def count(clips: pd.DataFrame, frames: None = None) -> dict[str, int]:
    """Count subjects and clips, by split and by level."""
    counts = {"subjects": int(clips["subject"].nunique()), "clips": len(clips)}
    for split in SUBJECTS:
        part = clips[clips["split"] == split]
        counts[f"{split} subjects"] = int(part["subject"].nunique())
        for level in LEVELS.values():
            counts[f"{split} clips {level}"] = int((part["level"] == level).sum())
        counts[f"{split} clips without label"] = int(part["level"].isna().sum())
    return counts


def _expected() -> dict[str, int]:
    expected = {"subjects": sum(SUBJECTS.values())}
    for split, subjects in SUBJECTS.items():
        expected[f"{split} subjects"] = subjects
    # The make-up of the test folder is not public.
    for split in ("train", "validation"):
        expected[f"{split} clips none"] = SUBJECTS[split]
        expected[f"{split} clips low"] = SUBJECTS[split] * PAIN_CLIPS_PER_LEVEL
        expected[f"{split} clips high"] = SUBJECTS[split] * PAIN_CLIPS_PER_LEVEL
    return expected


DATASET = Dataset(
    name="ai4pain",
    title="AI4Pain Grand Challenge 2024",
    folder="ai4pain",
    licence="Research within the challenge, after a signed agreement with the organisers.",
    citation="Fernandez Rojas et al., The AI4Pain Grand Challenge 2024, ACIIW 2024",
    request_url="https://sites.google.com/view/ai4pain2025",
    redistributable=False,
    notice="Videos of identifiable people: keep the files, frames and crops where the agreement allows them.",
    layout=LAYOUT,
    expected=_expected(),
    clip_seconds=10.0,
    traps=(
        "One no-pain video of a minute stands against 24 pain videos of ten seconds per subject:"
        " always answering low pain scores .48 accuracy.",
        "No-pain comes from one block at the start of the session, so time of recording goes with the label.",
    ),
    is_marked=is_marked,
    read=read,
    count=count,
    neutral=Neutral("level", ("none",)),
)
