"""A report of predictions, wherever they were made: the same page as that of finished runs."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import pandas as pd

from transferpain.core.errors import UserError
from transferpain.core.progress import note
from transferpain.evaluation.declared import check_predictions, declared_of, read_predictions
from transferpain.evaluation.scores import score
from transferpain.evaluation.statistics import require_same_clips
from transferpain.experiments.leakage.from_predictions import check_table
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.facts import RunFacts, join_runs, read_run
from transferpain.reports.report import write_page
from transferpain.reports.sections.about import UNSTATED

Predictions = pd.DataFrame | str | Path


def report(
    predictions: Mapping[str, Predictions],
    out: str | Path,
    title: str = "",
    comparisons: Sequence[tuple[str, ...] | Comparison] | None = None,
    classes: Sequence[str] = (),
    synthetic: bool | None = None,
) -> Path:
    """Write a report of predictions: results with intervals, classes, subjects, checks, paired differences and tests.

    What only the maker of the predictions knows (data, source, training, split) is shown as declared. A table of
    `cross_validate` remembers it, and parquet keeps it.

    Args:
        predictions: name -> a table, the path of a parquet or CSV file with the columns of `docs/python.md`, or the
            folder of a finished run.
        out: the report's folder.
        title: its heading; the folder's name without one.
        comparisons: pairs `(better, worse)`, or `(better, worse, metric)`, of names; `None` compares the first with
            each other that was tested on the same clips.
        classes: names of the classes `0 .. K-1`, where the tables do not know them.
        synthetic: whether the faces were drawn, where the tables do not know it.

    Returns:
        The path of `index.html`.

    Raises:
        UserError: if there are no predictions, a table or a file cannot be used, or a comparison names something else
            or pairs what was tested on different clips.
    """
    if (
        not isinstance(predictions, Mapping)
        or not predictions
        or not all(isinstance(name, str) and name.strip() for name in predictions)
    ):
        raise UserError(
            "There are no predictions to report.",
            rule="`report` takes a mapping from a name to a table, a file or the folder of a run.",
            received=f"{type(predictions).__name__} of {', '.join(map(repr, predictions)) or 'nothing'}"
            if isinstance(predictions, Mapping)
            else type(predictions).__name__,
            todo='Use report({"mine": predictions}, "reports/mine").',
        )
    runs = [_facts(name, made, tuple(classes), synthetic) for name, made in predictions.items()]
    pairs = _first_with_others(runs) if comparisons is None else [_comparison(pair) for pair in comparisons]
    folder = Path(out)
    return write_page(join_runs(runs, pairs), folder, title or folder.name, "")


def _facts(name: str, made: Predictions, classes: tuple[str, ...], synthetic: bool | None) -> RunFacts:
    """Return the facts of a run, or of a table as far as they are declared."""
    if isinstance(made, (str, Path)) and Path(made).is_dir():
        return replace(read_run(Path(made)), name=name)
    if not isinstance(made, (str, Path, pd.DataFrame)):
        raise UserError(
            f"The predictions {name} cannot be used.",
            rule="Predictions are a table, the path of a .parquet or .csv file, or the folder of a finished run.",
            received=type(made).__name__,
            todo="Pass one of these.",
        )
    rows = check_predictions(made if isinstance(made, pd.DataFrame) else read_predictions(Path(made)))
    declared = declared_of(rows, classes, synthetic)
    tested = rows[rows["part"] == "test"].reset_index(drop=True)
    scores = score(tested, declared.classes, ordinal=declared.ordinal)
    facts = declared.model_dump(mode="json") | {
        "dataset": declared.dataset or ", ".join(tested["dataset"].unique()),
        "source": declared.source or UNSTATED,
        "empty_classes": scores["absent"],
        "sha256": hashlib.sha256(rows.to_csv(index=False, lineterminator="\n").encode()).hexdigest(),
    }
    return RunFacts(
        name=name,
        path=Path(),
        experiment={
            "name": name,
            "task": declared.task or UNSTATED,
            "protocol": {"kind": declared.protocol or UNSTATED},
        },
        experiment_text="",
        facts=facts,
        environment={},
        classes=declared.classes,
        synthetic=bool(declared.synthetic),
        predictions=tested,
        scores=scores,
        histories={},
        unusable=pd.DataFrame(columns=["clip", "problem"]),
        groups=None,
        checks=check_table(rows),
        made_here=False,
    )


def _first_with_others(runs: Sequence[RunFacts]) -> list[Comparison]:
    first, *others = runs
    pairs = []
    for other in others:
        try:
            require_same_clips(first.predictions, other.predictions)
        except UserError as error:
            note(f"NOTE: {first.name} and {other.name} are not compared. {error}")
        else:
            pairs.append(Comparison(better=first.name, worse=other.name))
    return pairs


def _comparison(pair: tuple[str, ...] | Comparison) -> Comparison:
    if isinstance(pair, Comparison):
        return pair
    try:
        return Comparison(**dict(zip(("better", "worse", "metric"), pair, strict=len(pair) > 2)))
    except (ValueError, TypeError) as error:
        raise UserError(
            "A comparison cannot be made.",
            rule="It is a pair of names, (better, worse), or with a metric: balanced_accuracy, macro_f1 or accuracy.",
            received=repr(pair),
            todo="Correct the pair.",
        ) from error
