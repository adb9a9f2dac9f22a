"""The twelve leakage checks that reviewers expect, run at the end of every run.

Each answers pass, fail or not applicable, with a figure. They look at what the run left behind, not at what its
settings promise.
"""

from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path

from transferpain.core.store import read_json, write_json
from transferpain.experiments.leakage.confounds import check_covariates, check_dropped, check_identity
from transferpain.experiments.leakage.duplicates import check_near_duplicates
from transferpain.experiments.leakage.evidence import CheckLine, Evidence
from transferpain.experiments.leakage.lineage import check_labels, check_pretraining
from transferpain.experiments.leakage.splits import (
    check_classes,
    check_fitting,
    check_oversampling,
    check_selection,
    check_subjects,
    check_videos,
)

CHECKS = (
    check_subjects,
    check_videos,
    check_near_duplicates,
    check_oversampling,
    check_fitting,
    check_selection,
    check_pretraining,
    check_identity,
    check_covariates,
    check_dropped,
    check_labels,
    check_classes,
)
FILE = "leakage.json"


def run_checks(evidence: Evidence) -> tuple[CheckLine, ...]:
    """Run the checks in their order."""
    return tuple(check(evidence) for check in CHECKS)


def failed(lines: Sequence[CheckLine]) -> tuple[CheckLine, ...]:
    """Return the checks that failed, in their order."""
    return tuple(line for line in lines if line.state == "fail")


def write_checks(run_folder: Path, lines: Sequence[CheckLine]) -> None:
    """Write `leakage.json` into a run's folder."""
    write_json(run_folder / FILE, {"checks": [asdict(line) for line in lines]})


def read_checks(run_folder: Path) -> tuple[CheckLine, ...]:
    """Read `leakage.json` of a run's folder; no line if the run was made before there were checks."""
    path = run_folder / FILE
    return tuple(CheckLine(**line) for line in read_json(path)["checks"]) if path.is_file() else ()
