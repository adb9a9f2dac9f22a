"""What a comparison of two runs cannot say of their sources: each was trained once."""

from transferpain.experiments.study_schema import Comparison
from transferpain.reports.facts import ReportFacts, RunFacts

NOTE = (
    " {} compare sources of one training each: a difference is one of these two networks, and not of their kinds; that "
    "takes three trainings of each."
)


def compares_sources(report: ReportFacts, pair: Comparison) -> bool:
    """Tell whether the runs of a pair stand on different sources; one run has one training of its source."""
    runs = {run.name: run for run in report.runs}
    return _source(runs[pair.better]) != _source(runs[pair.worse])


def one_training_note(report: ReportFacts) -> str:
    """Return what must be said of the comparisons of sources; "" where there is none."""
    pairs = [f"{pair.better} and {pair.worse}" for pair in report.comparisons if compares_sources(report, pair)]
    return NOTE.format("; ".join(dict.fromkeys(pairs))) if pairs else ""


def _source(run: RunFacts) -> tuple:
    return tuple(repr(run.experiment.get(key) or None) for key in ("source", "source_set", "backbone"))
