"""A source as a mapping that names an extractor; own features: tests/strategies/frozen/test_own_features.py."""

from pathlib import Path

import pytest

from transferpain.core.errors import UserError
from transferpain.core.overrides import merge
from transferpain.core.validation import validate
from transferpain.experiments.schema import Experiment

FILE = {
    "name": "texture",
    "task": "biovid-bl1-pa4",
    "protocol": {"kind": "loso"},
    "source": {"extractor": "glcm", "levels": 16},
    "strategy": "frozen",
    "features": {"fps": 8},
    "head": {"kind": "svm"},
}


def read(changes: dict) -> Experiment:
    return validate(Experiment, merge(FILE, changes), Path("texture.yaml"))


def test_an_extractor_stands_in_the_place_of_a_source():
    experiment = read({})
    assert experiment.source == "no_network"
    assert experiment.features.extractor == "glcm"
    assert experiment.features.extraction.levels == 16
    assert read(experiment.resolved()) == experiment


def test_defaults_are_written_down():
    stated = read({"source": {"extractor": "lbp", "levels": None}}).resolved()["features"]["extraction"]
    assert stated == {"kind": "lbp", "rows": 3, "columns": 2, "points": 8, "radius": 1}


def test_another_source_takes_its_place():
    experiment = read({"source": "untrained"})
    assert (experiment.source, experiment.features.extractor, experiment.features.extraction) == (
        "untrained",
        "source",
        None,
    )


@pytest.mark.parametrize("head", ["ann", "lstm", "svm", "random_forest", "logistic_regression", "gradient_boosting"])
def test_it_goes_with_every_head_on_features(head):
    assert read({"head": {"kind": head}}).head.kind == head


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"source": {"extractor": "glcn"}}, "known are {extractor: glcm or lbp or hog}"),
        ({"source": {"extractor": "glcn", "levels": None}}, "did you mean `glcm`"),
        ({"source": {"extractor": ["glcm"], "levels": None}}, "extractor`: text is meant"),
        ({"source": {"extractor": "source"}}, "known are {extractor: glcm or lbp or hog}"),
        ({"source": {"extractor": "source", "levels": None}}, "reads no source is named {extractor: glcm"),
        ({"source": {"levls": 16}}, r"source: `levls` is not a known key. Did you mean `levels`\?"),
        ({"source": {"levels": 1}}, "source: `levels`: at least 2 is meant. Received: 1"),
        ({"source": {"levels": True}}, "source: `levels`: a whole number is meant. Received: true"),
        ({"source": {"levels": "1_6"}}, "source: `levels`: a whole number is meant"),
        ({"source": {"distances": [1, True]}}, "a whole number is meant"),
        ({"source": {"distances": [1, 1]}}, r"`distances`: each distance once, received \[1, 1\]"),
        ({"source": {"extractor": "glcm", "kind": "lbp"}}, "`kind`: known are 'glcm'"),
        ({"source": {"features": "mine"}}, "`features` is not a known key"),
        ({"source": {"extractor": "lbp"}}, "source: `levels` is not a known key"),
        ({"features": {"extractor": "lbp"}}, "names the extractor `glcm`, received `lbp` in features.extractor"),
        ({"features": {"extraction": 3}}, "features.extraction: a mapping of keys is meant, received 3"),
        ({"source": "no_network"}, "reads no source is named {extractor: glcm"),
        ({"strategy": "last_layer", "head": {"kind": "dense"}}, "an extractor goes with strategy `frozen`"),
        ({"source": {"distances": [40]}, "faces": {"size": 96}}, "describes faces of 123 pixels at least, received 96"),
        ({"source_set": {"seeds": [1]}}, "source_set: `no_network` is no experiment"),
        ({"adaptation": "batch_norm"}, "batch_norm` changes the source, received features of `glcm`"),
    ],
)
def test_what_does_not_go_with_an_extractor_is_refused(changes, message):
    with pytest.raises(UserError, match=message) as refused:
        read(changes)
    assert "\n" not in str(refused.value)
