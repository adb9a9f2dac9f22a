"""The adaptation methods that an experiment can name: one line each."""

from transferpain.core.registry import Registry
from transferpain.inputs.adaptation import baseline_subtraction, batch_norm, coral, subject_standardization
from transferpain.inputs.adaptation.base import Adaptation

ADAPTATIONS: Registry[Adaptation] = Registry(
    "adaptation",
    [
        subject_standardization.SUBJECT_STANDARDIZATION,
        baseline_subtraction.BASELINE_SUBTRACTION,
        coral.CORAL,
        batch_norm.BATCH_NORM,
    ],
)
