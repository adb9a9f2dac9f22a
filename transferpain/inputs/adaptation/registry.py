"""The adaptation methods that an experiment can name: one line each, and two of every domain loss."""

from transferpain.core.registry import Registry
from transferpain.inputs.adaptation.base import Adaptation
from transferpain.inputs.adaptation.baseline_subtraction import BASELINE_SUBTRACTION
from transferpain.inputs.adaptation.batch_norm import BATCH_NORM
from transferpain.inputs.adaptation.coral import CORAL
from transferpain.inputs.adaptation.domain import DOMAIN_ADAPTATIONS
from transferpain.inputs.adaptation.subject_standardization import SUBJECT_STANDARDIZATION

ADAPTATIONS: Registry[Adaptation] = Registry(
    "adaptation",
    [
        SUBJECT_STANDARDIZATION,
        BASELINE_SUBTRACTION,
        CORAL,
        BATCH_NORM,
        *DOMAIN_ADAPTATIONS,
    ],
)
