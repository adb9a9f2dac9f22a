import pandas as pd
import pytest

from transferpain.reports import tables


def test_latex_is_a_booktabs_table_with_escaped_text():
    table = pd.DataFrame({"Run": ["a_b & 5%"], "Score": ["–"]})
    text = tables.latex(table, "Scores, 95 %.")
    for part in (r"\toprule", r"\bottomrule", r"a\_b \& 5\%", r"\caption{Scores, 95 \%.}", "& --"):
        assert part in text


@pytest.mark.parametrize(
    ("features", "facts", "made"),
    [
        ({}, {"detector": "dlib 20"}, ("resnet18", "dlib 20")),
        ({}, {}, ("resnet18", "dlib")),
        ({"extractor": "source"}, {}, ("resnet18", "dlib")),
        ({"folder": "mine", "extractor": "source"}, {}, ("none", "none")),
    ],
)
def test_own_features_were_made_by_no_backbone_and_no_detector(features, facts, made):
    experiment = {"source": "x", "backbone": "resnet18", "head": {"kind": "svm"}, "faces": {"detector": "dlib"}}
    found = tables.makers_of(experiment | {"features": features}, facts)
    assert (found["source"], found["head"]) == ("x", "svm")
    assert (found["backbone"], found["detector"]) == made


@pytest.mark.parametrize("extractor", ["glcm", "one of a later version"])
def test_an_extractor_without_a_network_is_the_source_and_has_no_backbone(extractor):
    experiment = {"source": "no_network", "backbone": "vgg16", "features": {"extractor": extractor}}
    found = tables.makers_of(experiment, {"detector": "dlib 20"})
    assert (found["source"], found["backbone"], found["detector"]) == (extractor, "none", "dlib 20")
