"""The sections of a report, in the order of its page. A new one is a module, a test, and a line here."""

from transferpain.core.registry import Registry
from transferpain.reports.sections.about import ABOUT
from transferpain.reports.sections.classes import CLASSES
from transferpain.reports.sections.data_problems import DATA_PROBLEMS
from transferpain.reports.sections.decisions import DECISIONS
from transferpain.reports.sections.detection import DETECTION
from transferpain.reports.sections.differences import DIFFERENCES
from transferpain.reports.sections.ensemble import ENSEMBLE
from transferpain.reports.sections.environment import ENVIRONMENT
from transferpain.reports.sections.error_gaps import ERROR_GAPS
from transferpain.reports.sections.experiment import EXPERIMENT
from transferpain.reports.sections.failed_clips import FAILED_CLIPS
from transferpain.reports.sections.few_shot import FEW_SHOT
from transferpain.reports.sections.groups import GROUPS
from transferpain.reports.sections.labels import LABELS
from transferpain.reports.sections.leakage import LEAKAGE
from transferpain.reports.sections.levels import LEVELS
from transferpain.reports.sections.linear_probe import LINEAR_PROBES
from transferpain.reports.sections.paper import PAPER
from transferpain.reports.sections.pictures import PICTURES
from transferpain.reports.sections.prediction_sets import PREDICTION_SETS
from transferpain.reports.sections.probabilities import PROBABILITIES
from transferpain.reports.sections.recalibration import RECALIBRATION
from transferpain.reports.sections.registration import REGISTRATION
from transferpain.reports.sections.results import RESULTS
from transferpain.reports.sections.section import ReportSection
from transferpain.reports.sections.single_clips import SINGLE_CLIPS
from transferpain.reports.sections.strategy import STRATEGY
from transferpain.reports.sections.subject_tests import SUBJECT_TESTS
from transferpain.reports.sections.subjects import SUBJECTS
from transferpain.reports.sections.unusable import UNUSABLE
from transferpain.reports.sections.within_subjects import WITHIN_SUBJECTS

SECTIONS: Registry[ReportSection] = Registry(
    "section of the report",
    [
        REGISTRATION,
        RESULTS,
        DIFFERENCES,
        LINEAR_PROBES,
        LEVELS,
        DETECTION,
        PROBABILITIES,
        RECALIBRATION,
        PREDICTION_SETS,
        WITHIN_SUBJECTS,
        SUBJECT_TESTS,
        SINGLE_CLIPS,
        PAPER,
        DECISIONS,
        ABOUT,
        LABELS,
        PICTURES,
        CLASSES,
        SUBJECTS,
        FAILED_CLIPS,
        GROUPS,
        ERROR_GAPS,
        FEW_SHOT,
        STRATEGY,
        ENSEMBLE,
        LEAKAGE,
        UNUSABLE,
        DATA_PROBLEMS,
        EXPERIMENT,
        ENVIRONMENT,
    ],
)
