"""What a report knows of a run: read from the run's folder, scored from its predictions."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from transferpain.core.errors import UserError
from transferpain.core.store import read_json
from transferpain.evaluation.groups import read_subjects, score_groups
from transferpain.evaluation.scores import score
from transferpain.experiments.leakage.checks import read_checks
from transferpain.experiments.leakage.evidence import CheckLine
from transferpain.experiments.run_folder import THREE_MODELS, RunFolder
from transferpain.strategies.frozen.nested import CANDIDATES


@dataclass(frozen=True)
class RunFacts:
    """One finished run.

    Attributes:
        name: the experiment's name.
        folder: name of the run's folder, with its hash.
        experiment: the resolved experiment.
        experiment_text: the same as it stands in `experiment.yaml`.
        facts: `facts.json`: index, source, detector, compute dtype.
        environment: `environment.json`: versions, machine, commit.
        classes: names of the classes.
        synthetic: whether any of the data were drawn.
        predictions: rows of all folds and seeds.
        scores: `score` of the predictions.
        histories: fold folder -> a row an epoch.
        unusable: clips that could not be used, and why; text.
        groups: `score_groups` by sex and age; `None` where the data state neither.
        checks: the leakage checks, in their order; empty if the run has none.
        candidates: fold folder -> what each candidate scored on each inner fold; empty without nested selection.
        three_models: fold folder -> thresholds, coverages and importances of the strategy `hybrid`; empty for others.
        forgetting: the source's scores on its own task before and after tuning; `None` where it was not probed.
    """

    name: str
    folder: str
    experiment: dict[str, Any]
    experiment_text: str
    facts: dict[str, Any]
    environment: dict[str, Any]
    classes: tuple[str, ...]
    synthetic: bool
    predictions: pd.DataFrame
    scores: dict[str, Any]
    histories: dict[str, pd.DataFrame]
    unusable: pd.DataFrame
    groups: pd.DataFrame | None
    checks: tuple[CheckLine, ...]
    candidates: dict[str, pd.DataFrame]
    forgetting: pd.DataFrame | None = None
    three_models: dict[str, dict] = field(default_factory=dict)

    @property
    def warnings(self) -> tuple[str, ...]:
        """What must be said wherever a score of the run is shown."""
        return tuple(self.facts.get("warnings", ()))

    @property
    def chance(self) -> float:
        """Balanced accuracy of an answer that does not look: 1 / the number of classes that occur."""
        return 1 / (len(self.classes) - len(self.scores["absent"]))


def read_run(folder: Path) -> RunFacts:
    """Read a run folder and score its predictions.

    Raises:
        UserError: if the folder is no finished run.
    """
    run = finished_run(folder)
    text = (run.path / "experiment.yaml").read_text(encoding="utf-8")
    experiment = yaml.safe_load(text)
    facts = run.facts()
    classes = tuple(facts["classes"])
    predictions = run.predictions()
    subjects = read_subjects(run.path)
    return RunFacts(
        name=experiment["name"],
        folder=run.path.name,
        experiment=experiment,
        experiment_text=text,
        facts=facts,
        environment=read_json(run.path / "environment.json"),
        classes=classes,
        synthetic=bool(facts["synthetic"]),
        predictions=predictions,
        scores=score(predictions, classes, ordinal=facts.get("ordinal", False)),
        histories={path.parent.name: pd.read_csv(path) for path in sorted(folder.glob("folds/*/history.csv"))},
        unusable=pd.read_csv(run.path / "unusable.csv", dtype=str, keep_default_na=False),
        groups=None if subjects is None else score_groups(predictions, subjects),
        checks=read_checks(run.path),
        candidates={path.parent.name: pd.read_csv(path) for path in sorted(folder.glob(f"folds/*/{CANDIDATES}"))},
        forgetting=run.forgetting(),
        three_models={path.parent.name: read_json(path) for path in sorted(folder.glob(f"folds/*/{THREE_MODELS}"))},
    )


def finished_run(folder: Path) -> RunFolder:
    """Return the run in a folder. Raises `UserError` if it is no finished run."""
    run = RunFolder(folder)
    if not (run.path / "metrics.json").is_file():
        raise UserError(
            "A report needs finished runs.",
            rule="A finished run's folder holds metrics.json.",
            received=folder,
            todo="Run the experiment first, or name a folder in runs/.",
        )
    return run
