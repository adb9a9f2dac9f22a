"""What README and weights/README.md say of the shared models is what their own metrics have."""

import json
import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).parents[2]
MODELS = ("ferplus-resnet18", "ferplus-vgg16")


@pytest.mark.parametrize("name", MODELS)
@pytest.mark.parametrize("page", ["README.md", "weights/README.md"])
def test_what_shipped_weights_score_stands_together(name, page):
    """Accuracy with and without copies, balanced accuracy and the weakest class, as the model's own metrics have it."""
    metrics = json.loads((PROJECT / "weights" / name / "metrics.json").read_text(encoding="utf-8"))
    lines = (PROJECT / page).read_text(encoding="utf-8").splitlines()
    start = next(number for number, line in enumerate(lines) if re.match(rf"\| (`weights/)?{name}`? \|", line))
    text = " ".join(lines[start : start + 2])
    for counted in ("all", "without_copies"):
        scores = metrics[counted]
        weakest = min(scores["per_class"], key=lambda one: scores["per_class"][one]["recall"])
        values = [scores[metric]["value"] for metric in ("accuracy", "balanced_accuracy")]
        for shown in (f"{scores['clips']:,}", *(f"{value:.3f}"[1:] for value in values)):
            assert shown in text
        recall = scores["per_class"][weakest]["recall"]
        assert f"{weakest}: recall {f'{recall:.2f}'[1:]}" in text
