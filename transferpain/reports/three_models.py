"""What a run of the strategy `hybrid` keeps beside its predictions: thresholds, and what each action unit is worth."""

from typing import Any

import pandas as pd

from transferpain.evaluation.formatting import number
from transferpain.inputs.action_units.proxy import PROXY, standing
from transferpain.reports.facts import RunFacts
from transferpain.strategies.hybrid.settings import TITLES

COLUMNS = {
    "training": "Training",
    "threshold": "Threshold",
    "score": "Objective reached",
    "coverage": "Frames looked at",
    "chosen": "Chosen",
}


def verdict_of(run: RunFacts) -> str:
    """Return whose answers are the run's: `units`, `cnn` or `hybrid`."""
    return run.experiment["head"]["verdict"]


def thresholds(run: RunFacts) -> pd.DataFrame:
    """Return a row a training: the run, its model, the threshold, what was chosen, and the model's own coverage."""
    name = verdict_of(run)
    rows = []
    for training, facts in run.three_models.items():
        tuned = facts["thresholds"][name]
        chosen = facts["chosen"].get(name, {})
        rows.append(
            {
                "run": run.name,
                "training": training,
                "model": name,
                "threshold": tuned["value"],
                "objective": tuned["objective"],
                "score": tuned["score"],
                "reached": tuned["reached"],
                "coverage": facts["coverage"][name],
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
    # The one column of words after the first stands beside it.
    return text[["training", "chosen", "threshold", "score", "coverage"]].rename(columns=COLUMNS)


def importance(run: RunFacts) -> pd.DataFrame:
    """Return a row an action unit: the mean fall of the AUC over trainings, and the least and largest of them.

    It is empty for the network, which reads none, and where no training's test subjects showed both answers.
    """
    name = verdict_of(run)
    falls: dict[str, list[float]] = {}
    for facts in run.three_models.values():
        for unit, fall in facts["importance"].get(name, {}).items():
            falls.setdefault(unit, []).append(fall["mean"])
    rows = [
        {
            "run": run.name,
            "model": name,
            "unit": int(unit),
            "fall": sum(values) / len(values),
            "least": min(values),
            "largest": max(values),
            "trainings": len(values),
        }
        for unit, values in falls.items()
    ]
    numbers = {"unit": int, "fall": float, "least": float, "largest": float, "trainings": int}
    table = pd.DataFrame(rows, columns=["run", "model", *numbers]).astype(numbers)
    return table.sort_values("fall", ascending=False, ignore_index=True)


def importance_as_text(table: pd.DataFrame, estimator: str) -> pd.DataFrame:
    """Return the importances as text, without the run's name; proxies with what a check on real faces found."""
    found = standing() if estimator == PROXY.title else {}
    return pd.DataFrame(
        {
            "Action unit": [f"AU{unit} (proxy, {found[unit]})" if found else f"AU{unit}" for unit in table["unit"]],
            "Fall of the AUC": [number(value, signed=True) for value in table["fall"]],
            "Least": [number(value, signed=True) for value in table["least"]],
            "Largest": [number(value, signed=True) for value in table["largest"]],
        }
    )


def note(run: RunFacts) -> str:
    """Return what must be known of which frames are scored."""
    shares = {name: _mean([facts["coverage"][name] for facts in run.three_models.values()]) for name in TITLES}
    looked = ", ".join(f"{title} {100 * shares[name]:.1f} %" for name, title in TITLES.items())
    return (
        f"The answers of: {TITLES[verdict_of(run)]}. A frame is covered if all three models could look at it, so that "
        f"their covered scores are of the same frames; frames that each could look at, a mean over trainings: {looked}."
    )


def view(run: RunFacts) -> dict[str, Any] | None:
    """Return the tables of a run for the page; `None` for other strategies."""
    if not run.three_models:
        return None
    worth = importance(run)
    estimator = next(iter(run.three_models.values()))["estimator"]
    return {
        "thresholds": thresholds_as_text(thresholds(run)),
        "importance": importance_as_text(worth, estimator) if len(worth) else None,
        "estimator": estimator,
    }


def _mean(values: list[float]) -> float:
    return sum(values) / len(values)
