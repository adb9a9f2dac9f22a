"""The order in which the files of tests begin: two processes end together where the longest ones begin first.

It counts where pytest-xdist hands out whole files in the order in which they were collected, as `make test` does.
"""

from pathlib import Path

TESTS = Path(__file__).parent
# From the longest on; what is not named follows, in its own order.
LONGEST = (
    "end_to_end/test_interruption.py",
    "benchmarks/test_scripts.py",
    "strategies/fused/test_strategy.py",
    "experiments/matrix/test_run.py",
    "strategies/hybrid/test_strategy.py",
    "strategies/test_contract.py",
    "end_to_end/test_baseline.py",
    "experiments/test_runner.py",
    "experiments/leakage/test_planted.py",
    "reports/test_null_worlds.py",
    "experiments/matrix/test_grouped.py",
    "inputs/adaptation/test_contract.py",
    "networks/training/test_fit.py",
    "docs/test_extend.py",
    "apps/edge/test_export.py",
    "data/synthetic/test_twins.py",
    "end_to_end/test_data_roots.py",
    "experiments/test_study.py",
    "inputs/faces/test_stage.py",
    "end_to_end/test_corpora.py",
    "experiments/test_ahead.py",
    "apps/live/test_encoder.py",
    "end_to_end/test_full_disks.py",
    "end_to_end/test_privacy.py",
    "networks/heads/test_contract.py",
    "reports/test_report.py",
    "strategies/fused/test_network.py",
    "models/sources/test_origin.py",
    "experiments/leakage/test_contract.py",
    "inputs/faces/test_stage_media.py",
    "networks/backbones/test_contract.py",
    "evaluation/metrics/test_contract.py",
    "models/bundles/test_guard.py",
    "models/sources/test_source.py",
    "networks/heads/test_estimator.py",
    "reports/matrix/test_report.py",
    "reports/test_studies.py",
    "cli/test_app.py",
    "cli/test_models.py",
    "cli/test_cache.py",
)


def rank(path: Path) -> int:
    """Return the place of a file of tests in the order; all that are not named share the last."""
    name = path.relative_to(TESTS).as_posix() if path.is_relative_to(TESTS) else ""
    return LONGEST.index(name) if name in LONGEST else len(LONGEST)
