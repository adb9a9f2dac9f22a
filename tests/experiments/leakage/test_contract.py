"""Every check passes or does not apply on a clean run, and fails on the leak that it is there for.

That leak is planted by the function `leak` of the check's own test: from the evidence of a clean run to that of one
with the leak.
"""

from dataclasses import replace
from importlib import import_module

import pytest

from tests.experiments.leakage.runs import draw_evidence
from transferpain.experiments.leakage.evidence import Evidence
from transferpain.experiments.leakage.registry import CHECKS

EVERY = pytest.mark.parametrize("check", CHECKS.values(), ids=list(CHECKS))


def with_leak(check, evidence) -> Evidence:
    """Return the evidence with the leak that the check is there for."""
    module = check.run.__module__.rsplit(".")[-1]
    return import_module(f"tests.experiments.leakage.test_{module}").leak(evidence)


@pytest.fixture(scope="module")
def clean(tmp_path_factory) -> Evidence:
    """The evidence of a clean run, whose files no test changes."""
    return draw_evidence(tmp_path_factory.mktemp("clean"))


@EVERY
def test_a_clean_run_has_no_leak(check, clean):
    verdict = check.run(clean)
    assert verdict.state in ("pass", "declared", "not applicable")
    assert bool(verdict.figure) == (verdict.state != "not applicable")
    assert verdict.explanation.endswith(".")


@EVERY
def test_the_planted_leak_is_found(check, tmp_path):
    verdict = check.run(with_leak(check, draw_evidence(tmp_path)))
    assert verdict.state == "fail"
    assert verdict.figure
    assert verdict.explanation.endswith(".")


@EVERY
def test_the_same_run_has_the_same_verdict(check, clean):
    assert check.run(clean) == check.run(clean)


@EVERY
@pytest.mark.parametrize("strategy", ["frozen", "full", "a strategy that is not written yet"])
def test_the_name_of_the_strategy_changes_nothing(check, strategy, clean):
    renamed = clean.experiment.model_copy(update={"strategy": strategy})
    assert check.run(replace(clean, experiment=renamed)) == check.run(clean)
