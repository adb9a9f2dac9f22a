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
        ({"folder": "mine"}, {}, ("none", "none")),
    ],
)
def test_own_features_were_made_by_no_backbone_and_no_detector(features, facts, made):
    experiment = {"source": "x", "backbone": "resnet18", "head": {"kind": "svm"}, "faces": {"detector": "dlib"}}
    found = tables.makers_of(experiment | {"features": features}, facts)
    assert (found["source"], found["head"]) == ("x", "svm")
    assert (found["backbone"], found["detector"]) == made
