"""What the tables of a report have in common: titles, rows, marks, and how they become LaTeX."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from transferpain.evaluation.formatting import UNDEFINED, with_interval
from transferpain.evaluation.metrics.registry import METRICS
from transferpain.evaluation.predictions import LINEAR_PROBE, PROBE_TITLES
from transferpain.inputs.features.extractors.registry import EXTRACTORS
from transferpain.models.sources.origin import FINISHED_RUNS
from transferpain.reports.facts import RunFacts

BOUNDS = {"": "value", "_low": "low", "_high": "high", "_reason": "reason"}
TITLES = {
    "run": "Run",
    "counted": "Counted",
    **{name: metric.title for name, metric in METRICS.items()},
    "coverage": "Coverage",
    "subjects": "Subjects",
    "clips": "Clips",
    "seeds": "Seeds",
}


MAKERS = {"source": "Source", "backbone": "Backbone", "head": "Head", "detector": "Detector"}


def made_with(run: RunFacts) -> dict[str, str]:
    """Return source, backbone, head and detector of a run, by the keys of `MAKERS`; "" where they are not known."""
    if not run.made_here:
        return dict.fromkeys(MAKERS, "")
    return makers_of(run.experiment, run.facts)


def makers_of(experiment: Mapping[str, Any], facts: Mapping[str, Any]) -> dict[str, str]:
    """Return source, backbone, head and detector of an experiment.

    Own features have no backbone, and no detector, nor have ensembles; features of an extractor that is no network have
    no backbone. Of a clip network its kind stands there.

    Args:
        experiment: as a run's `experiment.yaml` has it.
        facts: of `facts.json`.
    """
    made = {
        "source": str(experiment.get("source") or ""),
        "backbone": str(experiment.get("backbone") or ""),
        "head": str((experiment.get("head") or {}).get("kind") or ""),
        "detector": str(facts.get("detector") or (experiment.get("faces") or {}).get("detector") or ""),
    }
    if experiment.get("strategy") == "clip_network":
        return made | {"backbone": str((experiment.get("network") or {}).get("kind") or "")}
    if experiment.get("joined"):
        made["backbone"] = ", ".join(str(one["backbone"]) for one in experiment["joined"])
        made["source"] = ", ".join(dict.fromkeys(str(one["source"]) for one in experiment["joined"]))
    features = experiment.get("features") or {}
    if features.get("folder") is not None or made["source"] == FINISHED_RUNS:
        return made | {"backbone": "none", "detector": "none"}
    extractor = features.get("extractor", "source")
    if extractor in EXTRACTORS and EXTRACTORS[extractor].reads_source:
        return made
    return made | {"source": str(extractor), "backbone": "none"}


def counted_scores(run: RunFacts) -> list[tuple[str, dict[str, Any] | None]]:
    """Return the scores of all clips, of the clips with a face where they are fewer, of the selected rows if any, and
    those of the linear probes over all clips, where the run has them.

    Those of all clips are None without a label.
    """
    scores = run.scores
    counted = ["all", "covered"] if scores["all"] and scores["clips_without_face"] else ["all"]
    found = [(name, scores[name]) for name in [*counted, *(["selected"] if scores["selected"] else [])]]
    return [*found, *((PROBE_TITLES[name], table) for name, table in scores.get(LINEAR_PROBE, {}).items())]


def scored_counts(runs: Sequence[RunFacts]) -> Iterator[tuple[RunFacts, str, dict[str, Any]]]:
    """Yield each run with what is counted and its scores, where there are any."""
    for run in runs:
        for counted, scores in counted_scores(run):
            if scores:
                yield run, counted, scores


def marks(run: RunFacts) -> dict[str, Any]:
    """Return the columns that stand beside every score of a run: whether its data were drawn, and its warnings."""
    return {"synthetic": run.synthetic, "warnings": " ".join(run.warnings)}


def with_bounds(metric: str, score: dict[str, Any] | None) -> dict[str, float | None]:
    """Return the cells `<metric>`, `<metric>_low`, `<metric>_high` and `<metric>_reason` of a score, empty for None.

    The reason says why there is no score, or no interval.
    """
    return {metric + ending: score.get(key) if score else None for ending, key in BOUNDS.items()}


def cells(table: pd.DataFrame, metric: str) -> list[str]:
    """Return a metric's columns as text: the score with its interval, or why there is none."""
    return [with_interval(*(row[metric + ending] for ending in BOUNDS)) for _, row in table.iterrows()]


def cells_or_reasons(table: pd.DataFrame, name: str, *, signed: bool = False) -> list[str]:
    """Return the columns of a figure as text, as `cells` does; one that is not defined is a dash with the reason."""
    texts = []
    for _, row in table.iterrows():
        text = with_interval(*(row[name + ending] for ending in BOUNDS), signed=signed)
        has_reason = pd.isna(row[name]) and row[name + "_reason"]
        texts.append(f"{text} [{row[name + '_reason']}]" if has_reason else text)
    return texts


def undefined(entries: Iterable[tuple[RunFacts, str, dict[str, Any]]]) -> tuple[str, ...]:
    """Return a sentence for each score that is not defined, with the reason; clips of all kinds say the same once.

    Args:
        entries: run, metric and score, with `value` and `reason`.
    """
    sentences = {
        f"{METRICS[name].title} of {run.name} is not defined: {score['reason']}.": None
        for run, name, score in entries
        if score["value"] is None
    }
    return tuple(sentences)


def as_pairs(values: Mapping[str, str]) -> pd.DataFrame:
    """Return names and their values as a table of two columns."""
    return pd.DataFrame(values.items(), columns=["name", "value"])


def latex(text: pd.DataFrame, caption: str) -> str:
    """Return a table of text as LaTeX; needs `\\usepackage{booktabs}`."""
    plain = text.replace(UNDEFINED, "--")
    # pandas escapes the cells, not the caption, where a bare % would hide the rest of the line.
    caption = caption.replace("%", r"\%")
    return plain.to_latex(index=False, escape=True, caption=caption, column_format="l" * len(plain.columns))
