from importlib import import_module

import pytest

from transferpain.inputs.adaptation.registry import ADAPTATIONS, METHODS, as_used


def test_each_method_has_a_name_of_its_own_and_a_module_that_names_its_paper():
    assert len(ADAPTATIONS) == len(METHODS)
    for name, method in ADAPTATIONS.items():
        text = " ".join(import_module(f"transferpain.inputs.adaptation.{name}").__doc__.split())
        papers = {"coral": "AAAI 2016", "batch_norm": "arXiv 1603.04779", "few_shot": "ICML 2017"}
        expected = papers.get(name, "ommon practice")
        assert expected in text
        assert expected in method.paper


def test_only_what_is_fitted_on_tested_clips_is_transductive():
    assert {name for name, method in ADAPTATIONS.items() if method.transductive} == {"subject_standardization"}


@pytest.mark.parametrize("name", ADAPTATIONS)
def test_the_clips_decide_how_a_method_was_used(name):
    method = ADAPTATIONS[name]
    assert as_used(method, ["c1", "c2"], ["c2", "c3"]).transductive
    assert not as_used(method, ["c1", "c2"], ["c3"]).transductive
    assert as_used(method, [], ["c3"]).sees == method.sees
