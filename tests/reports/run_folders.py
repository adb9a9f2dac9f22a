"""Run folders as a run leaves them, with predictions drawn at random instead of a trained model's."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from tests.evaluation.drawn import draw_predictions
from transferpain.core.schema import write_stamped
from transferpain.core.store import write_json, write_text
from transferpain.evaluation.groups import write_subjects
from transferpain.evaluation.predictions import LINEAR_PROBE, MEAN_AND_MAXIMUM, MEANS, PROBES
from transferpain.evaluation.scores import score
from transferpain.experiments.leakage.checks import write_checks
from transferpain.experiments.leakage.evidence import CheckLine
from transferpain.experiments.probe_scores import probe_scores
from transferpain.experiments.run_folder import RunFolder
from transferpain.inputs.action_units.measures import MESH

CLASSES = ("No-Pain", "Low-Pain", "High-Pain")
PAPER = {
    "name": "Prajod",
    "title": "Faces of Experimental Pain",
    "figures": {"validation accuracy": 0.59, "test accuracy": 0.49},
    "decisions": ["Softmax on the output.", "Votes that tie go to the higher mean probability."],
}

# How action units were measured, and what a check had found of that.
GUESSED = {
    "4": {"measure": "proxy", "standing": "failed on real faces"},
    "43": {"measure": "blendshape", "standing": "unvalidated"},
}


def write_run(
    runs: Path, name: str, predictions: pd.DataFrame, *, classes=CLASSES, synthetic=True, changes=None, stated=None
) -> Path:
    """Write a finished run folder for `predictions` and return it.

    `changes` go into its experiment, `stated` into its facts.
    """
    run = RunFolder(runs / f"{name}-0123456789abcdef")
    experiment = {
        "name": name,
        "paper": PAPER,
        "task": "ai4pain-three",
        "protocol": {"kind": "folders", "selection": "inner"},
        "source": "biovid-vgg16",
        "strategy": "frozen",
        "head": {"kind": "ann"},
        **(changes or {}),
    }
    write_text(run.path / "experiment.yaml", yaml.safe_dump(experiment, sort_keys=False))
    facts = {
        "dataset": "ai4pain",
        "label_definition": "intensity of the electrical stimulus",
        "empty_classes": [],
        "warnings": [],
        "split_provenance": ["AI4Pain's own folders"],
        "classes": list(classes),
        "ordinal": True,
        "synthetic": synthetic,
        "index_hash": "00ff" * 4,
        **(stated or {}),
    }
    write_json(run.path / "facts.json", facts)
    environment = {"python": "3.11", "versions": {"keras": "3.15.1"}, "machine": {"cores": 2}, "commit": "abc"}
    write_json(run.path / "environment.json", environment)
    write_text(run.path / "unusable.csv", "clip,problem\n")
    for number, ((fold, seed), rows) in enumerate(predictions.groupby(["fold", "seed"])):
        run.finish_fold(str(fold), seed, rows, draw_history(number))
    tested = predictions[predictions["part"] == "test"] if "part" in predictions else predictions
    write_json(run.path / "metrics.json", score(tested, classes, ordinal=facts["ordinal"]))
    return run.path


def write_probes(folder: Path, predictions: pd.DataFrame) -> None:
    """Write the linear probes of a finished run: of both the same answers, and the scores in its metrics."""
    run = RunFolder(folder)
    for (fold, seed), rows in predictions.groupby(["fold", "seed"]):
        rows = rows if "part" in rows else rows.assign(part="test")
        both = pd.concat([rows.assign(probe=name) for name in (MEANS, MEAN_AND_MAXIMUM)], ignore_index=True)
        both.to_parquet(run.fold(str(fold), seed) / PROBES, index=False)
        facts = {"c": 0.01, "inner_folds": 5, "rows": 60, "reason": ""}
        write_stamped(run.fold(str(fold), seed) / "linear_probe.json", {MEANS: facts, MEAN_AND_MAXIMUM: facts})
    facts, metrics = run.facts(), run.metrics()
    metrics[LINEAR_PROBE] = probe_scores(run.probe_predictions(), facts["classes"], facts["ordinal"])
    write_json(folder / "metrics.json", metrics)


def write_leakage(folder: Path, failing: tuple[int, ...] = (), declared: tuple[int, ...] = ()) -> tuple[CheckLine, ...]:
    """Write twelve leakage checks into a run's folder, and return them; the first does not apply."""
    lines = [CheckLine(1, "Check 1", "not applicable", "", "The data name no subjects.")]
    for number in range(2, 13):
        state = "fail" if number in failing else "declared" if number in declared else "pass"
        lines.append(CheckLine(number, f"Check {number}", state, f"0 of {number}", f"Explanation {number}."))
    write_checks(folder, lines)
    return tuple(lines)


def draw_history(seed: int) -> pd.DataFrame:
    """Draw the losses and accuracies of a training that stopped early."""
    generator = np.random.default_rng(seed)
    epoch = np.arange(1, generator.integers(12, 26))
    fit = 1 - np.exp(-epoch / 6)
    noise = generator.normal(0, 0.02, (4, epoch.size))
    return pd.DataFrame(
        {
            "epoch": epoch,
            "loss": 1.1 - 0.5 * fit + noise[0],
            "accuracy": 0.35 + 0.4 * fit + noise[1],
            "val_loss": 1.1 - 0.25 * fit + 0.01 * epoch + noise[2],
            "val_accuracy": 0.35 + 0.25 * fit + noise[3],
            "learning_rate": 1.0,
            "seconds": 2.0,
        }
    )


def write_demo(runs: Path, *, synthetic=True) -> list[Path]:
    """Write four runs like the demonstration's: two heads, on a trained and on an untrained source."""
    folders = []
    for number, (name, skill) in enumerate(
        [("ann", 0.62), ("lstm", 0.66), ("ann-untrained", 0.36), ("lstm-untrained", 0.40)]
    ):
        table = draw_predictions((1, 3, 3), subjects=24, seeds=(0, 1, 2), skill=skill, spread=0.12, seed=number)
        lost = table["clip"].isin(table["clip"].unique()[::40])
        table.loc[lost, "coverage"] = 0.0
        table["coverage"] = table["coverage"].where(table["clip"].str[-1] != "4", 0.92)
        changes = {"source": "untrained"} if "untrained" in name else None
        folders.append(write_run(runs, name, table, synthetic=synthetic, changes=changes))
    return folders


def write_every_kind(runs: Path) -> list[Path]:
    """Write a run of each kind that a report tells apart, with everything that a run can leave.

    Two heads of which one can be compared with the other, with warnings, groups, leakage checks and unusable clips; one
    with nested selection; one whose source was probed for forgetting; one that learned action units beside pain; one of
    three models; pictures that name no subjects; and one without labels.
    """
    table = draw_predictions((2, 3, 2), subjects=8, seeds=(0, 1), skill=0.7, spread=0.1)
    table.loc[table["clip"] == "S00-000", "coverage"] = 0.0
    stated = {"warnings": ["The split is not subject-independent."]}
    own = write_run(runs, "ann", table, stated=stated, changes={"few_shot": {"clips": [0, 1, 2]}})
    write_leakage(own, failing=(6, 9))
    write_probes(own, draw_predictions((2, 3, 2), subjects=8, seeds=(0, 1), skill=0.8, seed=2))
    people = table[["dataset", "subject"]].drop_duplicates()
    write_subjects(own, people.assign(sex=["m", "w"] * 4, age=[20, 25, 30, 40, 45, 50, 60, 70]))
    write_text(own / "unusable.csv", "clip,problem\nS01-001,the video holds no frame\n")
    weaker = draw_predictions((2, 3, 2), subjects=8, seeds=(0, 1), skill=0.3, seed=1)
    weak = write_run(runs, "ann-untrained", weaker, synthetic=False, changes={"source": "untrained"})
    further = [write_nested(runs), write_tuned(runs), write_units(runs), write_three_models(runs, "units")]
    return [own, weak, *further, *_write_bare(runs)]


def write_nested(runs: Path) -> Path:
    """Write a run of two seeds, whose head was chosen among two on inner folds."""
    rule = {"kind": "folders", "selection": "nested", "selection_rule": "lowest_loss"}
    predictions = draw_predictions(subjects=4, skill=0.9, seeds=(0, 1))
    folder = write_run(runs, "nested", predictions, changes={"protocol": rule})
    for fold, chosen in zip(sorted((folder / "folds").iterdir()), ("small", "large"), strict=True):
        lines = [f"{name},inner{k},0.{k}1,0.8,9,3,{name == chosen}" for name in ("small", "large") for k in (4, 6)]
        header = "candidate,inner_fold,loss,balanced_accuracy,clips,subjects,chosen"
        write_text(fold / "candidates.csv", "\n".join([header, *lines]) + "\n")
    return folder


def write_tuned(runs: Path) -> Path:
    """Write a run of two seeds whose source was scored on its own task before and after tuning.

    Its strategy has the name that it had in files of schema 1.
    """
    predictions = draw_predictions(subjects=4, skill=0.8, seeds=(0, 1))
    folder = write_run(runs, "tuned", predictions, changes={"strategy": "progressive"})
    for seed, fold in enumerate(sorted((folder / "folds").iterdir())):
        lines = [f"{tuned},0.{6 - tuned}{seed},0.5,0.55,40,0,{seed}" for tuned in (False, True)]
        header = "tuned,balanced_accuracy,macro_f1,accuracy,rows,fold,seed"
        write_text(fold / "forgetting.csv", "\n".join([header, *lines]) + "\n")
    return folder


def write_units(runs: Path, strategy: str = "full_fine_tuning") -> Path:
    """Write a run of two seeds that learned two action units beside pain, the second of which never varies.

    Ten subjects with three frames, the last of which shows no face; the seeds answer .5 and 1 too high.
    """
    predictions = draw_predictions((2, 2), subjects=10, skill=0.8, seeds=(0, 1))
    changes = {"strategy": strategy, "units": {"weight": 0.5, "of": [4, 43]}}
    folder = write_run(runs, "with-units", predictions, classes=("no pain", "pain"), changes=changes)
    people = predictions["subject"].unique()
    for seed, fold in enumerate(sorted((folder / "folds").iterdir())):
        table = pd.DataFrame({"dataset": "unbc", "subject": np.repeat(people, 3), "clip": "a", "frame": [0, 1, 2] * 10})
        table["au4"], table["au43"] = np.float32([1, 2, 3] * 10), np.float32(0)
        for name in ("au4", "au43"):
            table[f"{name}_predicted"] = (table[name] + (0.5, 1)[seed]).where(table["frame"] < 2)
        table.assign(fold="0", seed=seed).to_parquet(fold / "units.parquet")
        taught = {"4": {"pictures": 90, "values": 6}, "43": {"pictures": 90, "values": 1}}
        write_json(fold / "units.json", {"weight": 0.5, "of": [4, 43], "taught": taught})
    return folder


def write_three_models(runs: Path, verdict: str, estimator: str = MESH.title) -> Path:
    """Write a run of one fold and two seeds, the second of which found one answer only in its tested subjects."""
    table = draw_predictions((2, 2), subjects=4, seeds=(0, 1))
    changes = {"head": {"kind": "hybrid", "verdict": verdict}, "strategy": "hybrid"}
    folder = write_run(runs, verdict, table, classes=("no pain", "pain"), changes=changes)
    second = three_models(0.5, 0.2, 0.7, estimator) | {"importance": {}}
    write_json(folder / "folds" / "0-seed0" / "three-models.json", three_models(0.3, 0.1, 0.9, estimator))
    write_json(folder / "folds" / "0-seed1" / "three-models.json", second)
    return folder


def three_models(threshold: float, fall: float, covered: float, estimator: str) -> dict:
    """Return what a training of three models says of its thresholds, coverages and action units."""
    tuned = {"value": threshold, "objective": "weighted_f1", "score": 0.8, "reached": True}
    return {
        "thresholds": dict.fromkeys(("units", "cnn", "hybrid"), tuned),
        "chosen": {"units": {"max_depth": 3, "max_features": None}, "hybrid": {"max_depth": 2}},
        "coverage": {"units": covered, "cnn": 1.0, "hybrid": covered},
        "importance": {
            name: {"4": {"mean": fall, "deviation": 0.01}, "43": {"mean": 2 * fall, "deviation": 0.01}}
            for name in ("units", "hybrid")
        },
        "estimator": estimator,
        "measures": GUESSED if estimator == MESH.title else {},
    }


def _write_bare(runs: Path) -> list[Path]:
    """Write a run of pictures that name no subjects, and one without labels."""
    pictures = write_run(runs, "pictures", draw_predictions((1, 0, 0), subjects=12), changes={"paper": None})
    unlabelled = draw_predictions(subjects=3)
    unlabelled["y_true"] = pd.array([pd.NA] * len(unlabelled), dtype="Int64")
    return [pictures, write_run(runs, "unlabelled", unlabelled, changes={"paper": None}, stated={"ordinal": False})]
