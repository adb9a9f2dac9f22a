"""The leakage checks that reviewers expect; the number of a check is its place."""

from transferpain.core.registry import Registry
from transferpain.experiments.leakage.classes import CLASSES
from transferpain.experiments.leakage.covariates import COVARIATES
from transferpain.experiments.leakage.dropped_data import DROPPED_DATA
from transferpain.experiments.leakage.evidence import LeakageCheck
from transferpain.experiments.leakage.fitting import FITTING
from transferpain.experiments.leakage.identity import IDENTITY
from transferpain.experiments.leakage.label_meaning import LABEL_MEANING
from transferpain.experiments.leakage.near_duplicates import NEAR_DUPLICATES
from transferpain.experiments.leakage.oversampling import OVERSAMPLING
from transferpain.experiments.leakage.pretraining import PRETRAINING
from transferpain.experiments.leakage.selection import SELECTION
from transferpain.experiments.leakage.shared_subjects import SHARED_SUBJECTS
from transferpain.experiments.leakage.shared_videos import SHARED_VIDEOS

CHECKS: Registry[LeakageCheck] = Registry(
    "leakage check",
    [
        SHARED_SUBJECTS,
        SHARED_VIDEOS,
        NEAR_DUPLICATES,
        OVERSAMPLING,
        FITTING,
        SELECTION,
        PRETRAINING,
        IDENTITY,
        COVARIATES,
        DROPPED_DATA,
        LABEL_MEANING,
        CLASSES,
    ],
)
