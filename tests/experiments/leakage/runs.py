"""What a small run leaves for the checks: six people, four clips each, two classes, three folds of two people."""

from dataclasses import replace
from pathlib import Path

import cv2
import numpy as np
import pandas as pd

from transferpain.core.contracts import FittedRows, FramesRead
from transferpain.data.protocols.fold import Fold
from transferpain.data.tasks.task import load_task
from transferpain.experiments.leakage.evidence import Evidence
from transferpain.experiments.schema import Experiment
from transferpain.inputs.faces.cache import FaceFacts, write_faces
from transferpain.inputs.faces.jpeg import encode_jpeg
from transferpain.inputs.features.cache import write_features

SUBJECTS, CLIPS = 6, 4
SEEDS = (0, 1)


def draw_evidence(tmp_path: Path | None = None, **changes) -> Evidence:
    """Return the evidence of a run without a leak; `changes` replace parts of it.

    With a folder there are videos, faces and features in it, of which only the features show the label.
    """
    number = np.arange(SUBJECTS * CLIPS)
    clips = pd.DataFrame(
        {
            "dataset": "biovid",
            "subject": [f"S{one}" for one in number // CLIPS],
            "clip": [f"clip{one:02d}" for one in number],
            "media": [f"{one:02d}.avi" for one in number],
            "kind": "video",
            "first_frame": 0,
            "y": pd.array(number % 2, dtype="Int64"),
        }
    )
    experiment = Experiment.model_validate(
        {
            "name": "test",
            "task": "biovid-bl1-pa4",
            "protocol": {"kind": "group_kfold", "folds": 3},
            "source": "untrained",
            "strategy": "frozen",
            "features": {"fps": 5},
            "window": {"seconds": 1},
            "head": {"kind": "lstm"},
            "training": {"class_weights": True},
            "seeds": SEEDS,
        }
    )
    folds = []
    for fold in range(3):
        test = np.flatnonzero(number // CLIPS // 2 == fold)
        selection = np.flatnonzero(number // CLIPS == (2 * fold + 2) % SUBJECTS)
        train = np.setdiff1d(number, np.concatenate([test, selection]))
        folds.append(Fold(f"fold{fold}", train, selection, test))
    evidence = Evidence(
        experiment=experiment,
        task=load_task("biovid-bl1-pa4"),
        samples=clips.assign(file_clip=clips["clip"], row=-1),
        files=clips,
        folds=tuple(folds),
        predictions=answer(clips, folds),
        data_root=tmp_path or Path("data"),
        lineage=(),
        fitted={fold.name: fitted_in(fold) for fold in folds},
        stage=None if tmp_path is None else draw_stage(tmp_path, clips),
        frames=FramesRead((np.arange(5),) * len(number), (np.arange(5),) * len(number)),
    )
    return replace(evidence, **changes)


def fitted_in(fold: Fold) -> tuple[FittedRows, ...]:
    """Return what a strategy enters where it trains a network on a fold."""
    return (
        FittedRows("weights of the network", fold.train),
        FittedRows("repeated pictures", fold.train, use="copies"),
        FittedRows("choice of the epoch", fold.selection, use="selection"),
    )


def single_frames(evidence: Evidence, rows) -> Evidence:
    """Let each sample be one frame of its clip: that with the number in `rows`, or none where it is -1."""
    all_of_it, rows = np.arange(5), np.asarray(rows)
    frames = tuple(all_of_it if row < 0 else np.array([row]) for row in rows)
    return replace(evidence, samples=evidence.samples.assign(row=rows), frames=FramesRead(frames, frames))


def answer(clips: pd.DataFrame, folds: list[Fold], y_pred=None) -> pd.DataFrame:
    """Return predictions for the tested clips: right ones, or `y_pred` by position."""
    y_pred = clips["y"].to_numpy(dtype=int) if y_pred is None else np.asarray(y_pred)
    tables = []
    for seed in SEEDS:
        for fold in folds:
            rows = clips.iloc[fold.test][["dataset", "subject", "clip", "y"]].rename(columns={"y": "y_true"})
            given = y_pred[fold.test]
            rows = rows.assign(frame=-1, fold=fold.name, seed=seed, y_pred=given, coverage=1.0)
            tables.append(rows.assign(p_0=1.0 - given, p_1=given.astype(float)))
    return pd.concat(tables, ignore_index=True)


def with_fold(evidence: Evidence, **changes) -> Evidence:
    """Replace parts of the first fold, and what was fitted in it."""
    first = replace(evidence.folds[0], **changes)
    fitted = {**evidence.fitted, first.name: fitted_in(first)}
    return replace(evidence, folds=(first, *evidence.folds[1:]), fitted=fitted)


def without_subjects(evidence: Evidence) -> Evidence:
    """Let every clip be of somebody else, as in data that name no subjects."""
    return replace(evidence, samples=evidence.samples.assign(subject=evidence.samples["clip"]))


def without_labels(evidence: Evidence) -> Evidence:
    """Take every label away."""
    samples = evidence.samples.assign(y=pd.array([pd.NA] * len(evidence.samples), dtype="Int64"))
    return replace(evidence, samples=samples, predictions=evidence.predictions.assign(y_true=pd.NA))


def draw_stage(folder: Path, clips: pd.DataFrame, frames: int = 5) -> pd.DataFrame:
    """Write a video, faces and features for each clip; pictures are noise of their own."""
    rows = []
    for number, (media, y) in enumerate(zip(clips["media"], clips["y"], strict=True)):
        generator = np.random.default_rng(number)
        write_video(folder / media, brightness=100 + 5 * generator.standard_normal(), frames=frames)
        path = folder / f"{number}.parquet"
        write_pictures(path, [noise(generator) for _ in range(frames)])
        features = generator.normal(size=(frames, 8)).astype(np.float16)
        features[:, 0] += 4 * y
        write_features(folder / f"{number}.npy", features)
        rows.append({"clip": clips["clip"].iloc[number], "faces": str(path), "features": str(folder / f"{number}.npy")})
    return pd.DataFrame(rows).assign(
        key=[f"key{number}" for number in range(len(clips))], num_frames=frames, fps=5.0, found=frames, problem=""
    )


def noise(generator: np.random.Generator) -> np.ndarray:
    """Draw a grey picture of coarse noise, uint8 RGB `(64, 64, 3)`."""
    small = generator.integers(0, 255, (16, 16), dtype=np.uint8)
    return np.repeat(cv2.resize(small, (64, 64))[..., None], 3, axis=2)


def write_pictures(path: Path, pictures: list[np.ndarray | None]) -> None:
    """Write a file of faces: one frame per picture, `None` where no face was found."""
    found = [picture is not None for picture in pictures]
    box = dict.fromkeys(("left", "top", "right", "bottom", "score"), 1.0)
    rows = [box | {"found": False, "jpeg": None} for _ in pictures]
    for row, picture in zip(rows, pictures, strict=True):
        if picture is not None:
            row |= {"found": True, "jpeg": encode_jpeg(picture)}
    write_faces(path, FaceFacts("key", 5.0, len(pictures), sum(found), "drawn"), rows)


def write_video(path: Path, brightness: float, frames: int = 5, size: tuple[int, int] = (64, 48)) -> None:
    """Write a video of one grey level."""
    writer = cv2.VideoWriter(str(path), cv2.VideoWriter_fourcc(*"MJPG"), 5.0, size)
    for _ in range(frames):
        writer.write(np.full((size[1], size[0], 3), np.clip(brightness, 0, 255), np.uint8))
    writer.release()
