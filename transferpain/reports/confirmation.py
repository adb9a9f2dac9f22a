"""The confirmation of a study: its comparisons on sets of twins that nothing was chosen on, a table and a page."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.core.progress import note
from transferpain.core.store import write_text
from transferpain.core.synthetic_faces import shown_faces
from transferpain.data.places import Places
from transferpain.evaluation.confirmation import HOLDS, Confirmed, confirm
from transferpain.evaluation.formatting import number, p_value, with_interval
from transferpain.evaluation.metrics.registry import METRICS
from transferpain.evaluation.predictions import MEANS, PROBE_TITLES
from transferpain.evaluation.statistics import paired_difference, score_subjects
from transferpain.experiments.ahead import run_ahead
from transferpain.experiments.confirmation import confirmation_sets
from transferpain.experiments.executors.base import HERE, Computing
from transferpain.experiments.registration import Registered, registration_of
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.study import Batch, load_batch, run_batch
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.facts import RunFacts, read_run
from transferpain.reports.inputs import PAGE, written_anew
from transferpain.reports.page import render, write_csv
from transferpain.reports.registered import describe_batch, state_of
from transferpain.reports.screen import Result

COLUMNS = ["expected", "metric", "first", "second", "difference", "p (Holm)", "verdict"]
CHANCE = "chance"
METRIC = "balanced_accuracy"
UNREGISTERED = "This was not registered before it was run: `transferpain register` does that."


@dataclass(frozen=True)
class Expected:
    """What is expected to be higher than what, by the names that are shown."""

    first: str
    second: str
    metric: str

    @property
    def name(self) -> str:
        return f"{self.first} over {self.second}"

    @property
    def key(self) -> str:
        """What tells it from all others: one pair may be compared by several metrics."""
        return f"{self.name}, {self.metric}"


@dataclass(frozen=True)
class Measured:
    """What was measured in one set: both scores, and their paired difference."""

    first_score: float
    second_score: float
    difference: float


def confirm_file(
    path: Path, places: Places, assignments: list[str], registration: Path | None = None, by: Computing = HERE
) -> Result:
    """Run a study on each of its confirmation sets, judge its comparisons, and write table and page.

    Every run is one as all others: what is finished is not computed again. Arguments are those of `run_file`.

    Raises:
        UserError: as `load_batch` and `confirmation_sets`.
    """
    batch = load_batch(path, places, assignments)
    registration = registration_of(batch.places.reports, (batch.report, batch.name), registration)
    measured: dict[Expected, list[Measured]] = {}
    runs: list[RunFolder] = []
    for place, inside in enumerate(confirmation_sets(batch), start=1):
        note(f"confirmation set {place} of {len(batch.confirmation_seeds)}")
        run_ahead(inside, by)
        made = run_batch(inside)
        runs += made
        for expected, found in measure(batch.comparisons, {run.name: run for run in map(_read, made)}):
            measured.setdefault(expected, []).append(found)
    registered = state_of(registration, describe_batch(batch), runs) if registration else None
    return _concluded(batch, measured, registered, shown_faces(run.facts() for run in runs))


def _read(run: RunFolder) -> RunFacts:
    return read_run(run.path)


def measure(comparisons: Sequence[Comparison], runs: Mapping[str, RunFacts]) -> list[tuple[Expected, Measured]]:
    """Return what one set says of each comparison, and of each linear probe against chance.

    Args:
        runs: those of the set, by the names of their experiments.
    """
    found = []
    for pair in comparisons:
        sides = runs[pair.better].answers, runs[pair.worse].answers
        scores = (score_subjects(side, [pair.metric])[pair.metric].value for side in sides)
        difference = paired_difference(*sides, pair.metric).value
        found.append((Expected(pair.better, pair.worse, pair.metric), Measured(*scores, difference)))
    for run in runs.values():
        if MEANS in run.probes:
            value = score_subjects(run.probes[MEANS], [METRIC])[METRIC].value
            expected = Expected(f"{run.name}: {PROBE_TITLES[MEANS]}", CHANCE, METRIC)
            found.append((expected, Measured(value, run.chance, value - run.chance)))
    return found


def _concluded(
    batch: Batch, measured: Mapping[Expected, Sequence[Measured]], registered: Registered | None, faces: str
) -> Result:
    """Judge what was measured, and write `reports/<name>-confirmation/`: `index.html` and `confirmation.csv`.

    Args:
        faces: what the synthetic faces of all runs are called, in one phrase.
    """
    judged = confirm({one.key: [found.difference for found in sets] for one, sets in measured.items()})
    rows = [_row(one, sets, judged[one.key]) for one, sets in measured.items()]
    table = pd.DataFrame(rows, columns=COLUMNS)
    held = sum(one.verdict == HOLDS for one in judged.values())
    verdict = f"{held} of {len(judged)} hold on {len(batch.confirmation_seeds)} sets"
    said = registered.sentence if registered else UNREGISTERED
    folder = batch.places.reports / f"{batch.report}-confirmation"
    page = render(
        "confirmation.html",
        title=f"Confirmation: {batch.title}",
        question=batch.question,
        synthetic=["twins"],
        synthetic_faces=faces,
        all_synthetic=True,
        verdict=verdict,
        registered=said,
        sets=len(batch.confirmation_seeds),
        table=table,
    )
    with written_anew(folder) as fresh:
        write_csv(fresh / "confirmation.csv", _numbers(measured, judged))
        write_text(fresh / PAGE, page)
    notes = [verdict, said, f"report: {folder / PAGE}"]
    return Result(f"{batch.title}: confirmation - SYNTHETIC data: {faces}", COLUMNS, rows, notes)


def _row(one: Expected, sets: Sequence[Measured], judged: Confirmed) -> list[str]:
    means = map(number, _means(sets).values())
    difference = with_interval(judged.mean, judged.low, judged.high, signed=True)
    return [one.name, METRICS[one.metric].title, *means, difference, p_value(judged.adjusted_p), judged.verdict]


def _means(sets: Sequence[Measured]) -> dict[str, float]:
    """Return the mean over sets of both scores, by their names."""
    return {side: float(np.mean([getattr(one, side) for one in sets])) for side in ("first_score", "second_score")}


def _numbers(measured: Mapping[Expected, Sequence[Measured]], judged: Mapping[str, Confirmed]) -> pd.DataFrame:
    """Return one row for each difference and set, and one for its mean (`set` all), with its interval and verdict."""
    rows = []
    for one, sets in measured.items():
        rows += [asdict(one) | {"set": str(place)} | asdict(found) for place, found in enumerate(sets, start=1)]
        mean = judged[one.key]
        interval = {"difference": mean.mean, "difference_low": mean.low, "difference_high": mean.high}
        tested = {"p": mean.p, "adjusted_p": mean.adjusted_p, "verdict": mean.verdict}
        rows.append(asdict(one) | {"set": "all"} | _means(sets) | interval | tested)
    return pd.DataFrame(rows).assign(synthetic=True)
