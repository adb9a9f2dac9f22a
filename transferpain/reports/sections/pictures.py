"""The figures of a run: its confusions, calibration, curves and subjects."""

from transferpain.core.contracts import Picture, Section
from transferpain.evaluation.formatting import number
from transferpain.evaluation.ranking import mean_curves
from transferpain.evaluation.resampling import read_answers
from transferpain.reports import figures
from transferpain.reports.facts import RunFacts
from transferpain.reports.sections.section import ReportSection


def build(run: RunFacts) -> Section | None:
    """Return the figures, each with a description for those who do not see it; `None` where none can be drawn."""
    makers = (_confusion, _calibration, _ranking, _learning, _subjects)
    drawn = tuple(picture for make in makers if (picture := make(run)))
    return Section(title="Figures", pictures=drawn) if drawn else None


def _confusion(run: RunFacts) -> Picture | None:
    scores = run.scores["all"]
    if not scores:
        return None
    recalls = ", ".join(f"{name} {number(row['recall'])}" for name, row in scores["per_class"].items())
    return Picture(
        "Confusion matrix: share of the true class, and clips summed over seeds",
        f"Confusion matrix of {run.name}. Recall by class: {recalls}.",
        figures.drawn_uri(figures.draw_confusion, scores["confusion"], run.classes, run.synthetic_faces),
    )


def _calibration(run: RunFacts) -> Picture | None:
    scores = run.scores["all"]
    if not scores:
        return None
    error = number(scores["calibration_error"]["value"])
    return Picture(
        "Calibration: how often answers are right by their confidence, all seeds",
        f"Reliability diagram of {run.name}: expected calibration error {error}.",
        figures.drawn_uri(figures.draw_reliability, scores["reliability"], run.synthetic_faces),
    )


def _ranking(run: RunFacts) -> Picture | None:
    scores = run.scores["all"]
    curves = mean_curves(read_answers(run.predictions)) if scores else []
    if not curves:
        return None
    names = [run.classes[curve.number] for curve in curves]
    areas = [f"{name}: AUC {number(scores['per_class'][name]['auc'])}" for name in names]
    return Picture(
        "ROC and precision-recall curves, each class against the rest, means over seeds",
        f"ROC and precision-recall curves of {run.name}. {'; '.join(areas)}.",
        figures.drawn_uri(figures.draw_ranking, curves, areas, run.synthetic_faces),
    )


def _learning(run: RunFacts) -> Picture | None:
    epochs = [len(history) for history in run.histories.values()]
    if not epochs:
        return None
    return Picture(
        "Learning curves: one line per fold and seed",
        f"Loss and accuracy of {run.name} by epoch: {len(epochs)} trainings of {min(epochs)} to {max(epochs)} epochs.",
        figures.drawn_uri(figures.draw_curves, run.histories, run.synthetic_faces),
    )


def _subjects(run: RunFacts) -> Picture | None:
    values = [row["balanced_accuracy"] for row in run.scores["per_subject"] or ()]
    if not values:
        return None
    return Picture(
        "Balanced accuracy of each subject",
        f"Balanced accuracy of {len(values)} subjects of {run.name}, from {min(values):.2f} to {max(values):.2f}.",
        figures.drawn_uri(figures.draw_subjects, values, run.chance, run.synthetic_faces),
    )


PICTURES = ReportSection("figures", "run", build)
