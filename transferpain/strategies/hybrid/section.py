"""What the three models add to a report: their thresholds, and what each action unit is worth."""

from pathlib import Path
from typing import Any, Literal

import pandas as pd

from transferpain.core.contracts import Section, Table
from transferpain.evaluation.formatting import number
from transferpain.strategies.common.finished import fold_files, read_experiment
from transferpain.strategies.common.stated import StatedExperiment, StatedHead, ThreeModels, read_stated
from transferpain.strategies.hybrid.settings import TITLES

THREE_MODELS = "three-models.json"
COLUMNS = {
    "training": "Training",
    "chosen": "Chosen",
    "threshold": "Threshold",
    "score": "Objective reached",
    "coverage": "Frames looked at",
}
FALLS = {"fall": "Fall of the AUC", "least": "Least", "largest": "Largest"}
# Of units that this package guessed itself, as the run states them.
GUESSED = {"measure": "Measured by", "standing": "Standing of the measure"}
TUNED = "Tuned on training subjects by answers of models that did not learn from them; no tested subject is among them."
TUNED_BY_HEART = (
    "Tuned on training subjects, the network's on answers of the network that learned from them; no tested subject is "
    "among them."
)
ALIKE = (
    "The three models learn from the same people. What the trees on both read of a training subject, a network says "
    "that did not learn from it: {parts} networks, each trained without its part of the subjects."
)
BY_HEART = (
    "The three models learn from the same people, and what the trees on both read of these, the network says that has "
    "learned from them: it is surer of them than of anybody else, so that the trees trust it too much."
)
# Of runs of former versions.
UNLIKE = (
    "The three models do not learn from the same people: the trees on action units alone learn from all training "
    "subjects, the network from those that are not set aside, and the trees on both from those that are. A difference "
    "between them is one of what they read and of whom they learned from."
)


class VerdictHead(StatedHead):
    """The head of a run of three models: it says whose answers are the run's."""

    verdict: Literal["units", "cnn", "hybrid"]


class VerdictExperiment(StatedExperiment):
    """`experiment.yaml` of such a run."""

    name: str
    head: VerdictHead


def three_models_section(run: Path) -> Section | None:
    """Return the section of a run's folder; `None` where no three models were fitted."""
    files = fold_files(run, THREE_MODELS)
    if not files:
        return None
    experiment = read_experiment(run, VerdictExperiment)
    name, verdict = experiment["name"], experiment["head"]["verdict"]
    trainings = {training: read_stated(path, ThreeModels) for training, path in files.items()}
    known = experiment["head"].get("cross_fitting", "")
    tuned, worth = thresholds(name, verdict, trainings), importance(name, verdict, trainings)
    estimator = next(iter(trainings.values()))["estimator"]
    text = importance_as_text(worth) if len(worth) else None
    read = (
        "By how much the area under the ROC curve falls for tested subjects when one column is shuffled: mean over "
        "trainings, and the least and largest of them. Columns that say the same share their importance. The action "
        f"units come from {estimator}, not from a coder."
    )
    units = Table(
        name="importance",
        numbers=worth,
        text=text,
        caption=f"Importance of action units in {name}",
        note=read,
        text_columns=1 if text is None else len(text.columns) - len(FALLS),
    )
    chosen = Table(
        name="thresholds",
        numbers=tuned,
        text=thresholds_as_text(tuned),
        caption=f"Thresholds of {name}",
        note=TUNED_BY_HEART if known is None else TUNED,
        text_columns=2,
    )
    return Section(
        title="Three models",
        notes=(UNLIKE if known == "" else BY_HEART if known is None else ALIKE.format(parts=known),),
        sections=(Section("Thresholds", tables=(chosen,)), Section("Action units", tables=(units,))),
        coverage=coverage_note(verdict, trainings),
    )


def thresholds(name: str, verdict: str, trainings: dict[str, Any]) -> pd.DataFrame:
    """Return one row per training: the run, its model, the threshold, what was chosen, and the model's own coverage.

    Args:
        name: of the run.
        verdict: whose answers are the run's: `units`, `cnn` or `hybrid`.
        trainings: fold folder -> what its `three-models.json` holds.
    """
    rows = []
    for training, facts in trainings.items():
        tuned = facts["thresholds"][verdict]
        chosen = facts["chosen"].get(verdict, {})
        rows.append(
            {
                "run": name,
                "training": training,
                "model": verdict,
                "threshold": tuned["value"],
                "objective": tuned["objective"],
                "score": tuned["score"],
                "reached": tuned["reached"],
                "coverage": facts["coverage"][verdict],
                "chosen": ", ".join(f"{key} {value}" for key, value in chosen.items() if value is not None),
            }
        )
    return pd.DataFrame(rows)


def thresholds_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the thresholds as text, without the run's name."""
    text = table[list(COLUMNS)].copy()
    for column in ("threshold", "score", "coverage"):
        text[column] = table[column].map(number)
    text["chosen"] = table["chosen"].replace("", "nothing to choose")
    return text.rename(columns=COLUMNS)


def importance(name: str, verdict: str, trainings: dict[str, Any]) -> pd.DataFrame:
    """Return one row per action unit: the mean fall of the AUC over trainings, and the least and largest of them.

    Beside it stands how the unit was measured and what a check on real faces had found of that; nothing where another
    tool did it. The table is empty for the network, which reads none, and where no training's test subjects showed both
    answers. The arguments are those of `thresholds`.
    """
    measures = next(iter(trainings.values())).get("measures", {})
    falls: dict[str, list[float]] = {}
    for facts in trainings.values():
        for unit, fall in facts["importance"].get(verdict, {}).items():
            falls.setdefault(unit, []).append(fall["mean"])
    rows = [
        {
            "run": name,
            "model": verdict,
            "unit": int(unit),
            **{column: measures.get(unit, {}).get(column, "") for column in GUESSED},
            "fall": _mean(values),
            "least": min(values),
            "largest": max(values),
            "trainings": len(values),
        }
        for unit, values in falls.items()
    ]
    numbers = {"unit": int, "fall": float, "least": float, "largest": float, "trainings": int}
    table = pd.DataFrame(rows, columns=["run", "model", "unit", *GUESSED, *FALLS, "trainings"]).astype(numbers)
    return table.sort_values("fall", ascending=False, ignore_index=True)


def importance_as_text(table: pd.DataFrame) -> pd.DataFrame:
    """Return the importances as text, without the run's name; how units were measured only where that is known."""
    guessed = {title: table[column] for column, title in GUESSED.items() if (table[column] != "").any()}
    falls = {title: [number(value, signed=True) for value in table[column]] for column, title in FALLS.items()}
    return pd.DataFrame({"Action unit": [f"AU{unit}" for unit in table["unit"]], **guessed, **falls})


def coverage_note(verdict: str, trainings: dict[str, Any]) -> str:
    """Return what must be known of which frames are scored."""
    shares = {name: _mean([facts["coverage"][name] for facts in trainings.values()]) for name in TITLES}
    looked = ", ".join(f"{title} {100 * shares[name]:.1f} %" for name, title in TITLES.items())
    return (
        f"The answers of: {TITLES[verdict]}. A frame is covered if all three models could look at it, so that "
        f"their covered scores are of the same frames; frames that each could look at, a mean over trainings: {looked}."
    )


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
