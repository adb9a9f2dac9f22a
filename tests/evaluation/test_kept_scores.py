"""The scores of drawn runs are those of the version whose results were published: `kept_scores.json`."""

import json
from pathlib import Path

import pytest

from tests.evaluation.scored_runs import cases
from transferpain.evaluation.scores import score

RUNS = cases()
KEPT = json.loads(Path(__file__).with_name("kept_scores.json").read_text())


def rounded(value):
    """Round to 12 digits: the last ones depend on the processor's order of additions."""
    if isinstance(value, dict):
        return {key: rounded(one) for key, one in value.items()}
    if isinstance(value, list):
        return [rounded(one) for one in value]
    return float(f"{value:.12g}") if isinstance(value, float) else value


@pytest.mark.parametrize("name", RUNS)
def test_scores_are_kept_letter_by_letter(name):
    predictions, classes, ordinal = RUNS[name]
    scores = score(predictions, classes, ordinal=ordinal)
    assert json.dumps(rounded(scores), indent=1) == json.dumps(rounded(KEPT[name]), indent=1)


def test_every_kept_run_is_scored():
    assert list(RUNS) == list(KEPT)
