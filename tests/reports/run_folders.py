"""Run folders as a run leaves them, with predictions drawn at random instead of a trained model's."""

from pathlib import Path

import numpy as np
import pandas as pd
import yaml

from tests.evaluation.drawn import draw_predictions
from transferpain.core.store import write_json, write_text
from transferpain.evaluation.scores import score
from transferpain.experiments.leakage.checks import write_checks
from transferpain.experiments.leakage.evidence import CheckLine
from transferpain.experiments.run_folder import RunFolder

CLASSES = ("No-Pain", "Low-Pain", "High-Pain")
PAPER = {
    "name": "Prajod",
    "title": "Faces of Experimental Pain",
    "figures": {"validation accuracy": 0.59, "test accuracy": 0.49},
    "decisions": ["Softmax on the output.", "Votes that tie go to the higher mean probability."],
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
    write_json(run.path / "metrics.json", score(predictions, classes, ordinal=facts["ordinal"], draws=10))
    return run.path


def write_leakage(folder: Path, failing: tuple[int, ...] = ()) -> tuple[CheckLine, ...]:
    """Write twelve leakage checks into a run's folder, and return them; the first does not apply."""
    lines = [CheckLine(1, "Check 1", "not applicable", "", "The data name no subjects.")]
    for number in range(2, 13):
        state = "fail" if number in failing else "pass"
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
