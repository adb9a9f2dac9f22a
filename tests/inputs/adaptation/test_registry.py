from importlib import import_module

import pytest

from tests.forked_program import heavy_modules
from transferpain.inputs.adaptation.domain import DomainAdaptation
from transferpain.inputs.adaptation.registry import ADAPTATIONS


@pytest.mark.parametrize("name", ADAPTATIONS)
def test_each_method_has_a_module_that_names_its_paper(name):
    method = ADAPTATIONS[name]
    module = f"inputs.adaptation.{name}"
    if isinstance(method, DomainAdaptation):
        module = f"networks.domain.{method.loss.name}"
    text = " ".join(import_module(f"transferpain.{module}").__doc__.split())
    paper = ADAPTATIONS[name].paper
    expected = "ommon practice" if paper.startswith("common practice") else paper.rsplit(", ", 1)[1]
    assert expected in text


def test_only_subject_standardization_may_see_tested_clips_and_only_corals_head_knows_the_target():
    four = {
        name: ADAPTATIONS[name] for name in ("subject_standardization", "baseline_subtraction", "coral", "batch_norm")
    }
    assert [name for name, method in four.items() if method.transductive] == ["subject_standardization"]
    assert [name for name, method in four.items() if method.learns_from_target] == ["coral"]


def test_the_methods_are_listed_without_anything_heavy():
    heavy = {"tensorflow", "keras", "cv2", "sklearn", "matplotlib"}
    assert heavy_modules("import transferpain.inputs.adaptation.registry", heavy) == set()
