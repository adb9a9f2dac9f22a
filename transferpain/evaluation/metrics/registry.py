"""The metrics of a run, in the order of the tables. A new one is a module, a test, and a line here."""

from transferpain.core.errors import UserError
from transferpain.core.registry import Registry
from transferpain.evaluation.metrics import levels
from transferpain.evaluation.metrics.accuracy import ACCURACY
from transferpain.evaluation.metrics.auc import AUC
from transferpain.evaluation.metrics.balanced_accuracy import BALANCED_ACCURACY
from transferpain.evaluation.metrics.calibration_error import CALIBRATION_ERROR
from transferpain.evaluation.metrics.macro_f1 import MACRO_F1
from transferpain.evaluation.metrics.macro_precision import MACRO_PRECISION
from transferpain.evaluation.metrics.majority_class_accuracy import MAJORITY_CLASS_ACCURACY
from transferpain.evaluation.metrics.metric import Metric, Needs
from transferpain.evaluation.metrics.proper_scores import BRIER, LOG_LOSS

METRICS: Registry[Metric] = Registry(
    "metric",
    [
        BALANCED_ACCURACY,
        MACRO_F1,
        MACRO_PRECISION,
        ACCURACY,
        MAJORITY_CLASS_ACCURACY,
        AUC,
        LOG_LOSS,
        BRIER,
        CALIBRATION_ERROR,
        levels.MAE,
        levels.MAE_BALANCED,
        levels.MSE,
        levels.ICC,
        levels.QUADRATIC_KAPPA,
        levels.PCC,
        levels.CCC,
        levels.MAE_EXPECTED,
        levels.MAE_BALANCED_EXPECTED,
        levels.MSE_EXPECTED,
        levels.ICC_EXPECTED,
        levels.PCC_EXPECTED,
        levels.CCC_EXPECTED,
    ],
)
# What stands in the table of results.
HEADLINES: dict[str, Metric] = {name: metric for name, metric in METRICS.items() if metric.headline}
# What a subject alone can be scored by: a yardstick does not tell subjects apart.
OF_SUBJECTS: Registry[Metric] = Registry(
    "metric to compare by",
    [metric for metric in HEADLINES.values() if metric.measure and metric.larger_is_better is not None],
)
# By what two runs are compared: of ordered levels also by their distances.
COMPARED: Registry[Metric] = Registry("metric to compare by", [*OF_SUBJECTS.values(), levels.QUADRATIC_KAPPA])


def metrics_of(needs: Needs) -> dict[str, Metric]:
    """Return the metrics of the answers, of the probabilities, or of ordered levels, by name in their order."""
    return {name: metric for name, metric in METRICS.items() if metric.needs == needs}


def measured() -> dict[str, Metric]:
    """Return the metrics that confusion matrices determine, by name in their order."""
    return {name: metric for name, metric in METRICS.items() if metric.measure}


def check_has_levels(metric: str, run: str) -> None:
    """Refuse to compare a run whose classes are in no order by a metric that measures distances between them."""
    if METRICS[metric].needs == "levels":
        known = [name for name, one in COMPARED.items() if one.needs != "levels"]
        raise UserError(
            f"{run} cannot be compared by {metric}.",
            rule="It measures distances between levels, and the classes of this task are in no order.",
            received=f"metric: {metric}",
            todo=f"Compare by {', '.join(known)}, or use a task with `ordinal: true`.",
        )
