import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression

from tests.models.bundles.bundles import save_small
from tests.strategies.hybrid.test_boosting import SMALL
from tests.strategies.hybrid.test_models import drawn_faces
from transferpain.core.errors import UserError
from transferpain.models.bundles.manifest import read_manifest
from transferpain.models.bundles.sklearn_part import save_part
from transferpain.strategies.hybrid.bundle import HybridFacts, is_hybrid, read_facts, read_models, save_models
from transferpain.strategies.hybrid.models import fit_models, probabilities

THRESHOLDS = {"units": 0.3, "cnn": 0.5, "hybrid": 0.4}
FACTS = HybridFacts(
    embedding="dense",
    units=(4, 12),
    estimator="mesh",
    thresholds=THRESHOLDS,
    measures={4: "proxy", 12: "blendshape"},
    measures_hash="0123456789abcdef",
)


@pytest.fixture(scope="module")
def fitted():
    return fit_models(*drawn_faces(), SMALL, seed=1)


@pytest.fixture
def bundle(fitted, tmp_path):
    save_small(tmp_path / "bundle")
    save_models(fitted, FACTS, tmp_path / "bundle")
    return tmp_path / "bundle"


def test_the_models_come_back_with_the_same_answers(fitted, bundle):
    faces, *_ = drawn_faces(seed=5)
    manifest = read_manifest(bundle)
    assert is_hybrid(manifest)
    assert read_facts(bundle, manifest) == FACTS
    read = probabilities(*read_models(bundle, FACTS, width=2), faces)
    for name, expected in fitted.answers(faces).items():
        np.testing.assert_array_equal(read[name], expected)


def test_a_bundle_of_one_network_is_none(tmp_path):
    save_small(tmp_path / "bundle")
    assert not is_hybrid(read_manifest(tmp_path / "bundle"))


def test_parts_that_do_not_fit_are_refused(bundle):
    with pytest.raises(UserError, match="parts of hybrid for 4 and 4 columns and 2 classes, not 5 and 2"):
        read_models(bundle, FACTS, width=3)
    save_part(LogisticRegression().fit([[0, 0], [1, 1]], [0, 1]), bundle, "units-trees")
    with pytest.raises(UserError, match="parts of units that are StandardScaler and LogisticRegression"):
        read_models(bundle, FACTS, width=2)


def test_facts_of_a_tools_tables_and_of_earlier_versions_name_no_measures(tmp_path):
    stated = FACTS.model_dump(mode="json", exclude={"measures", "measures_hash"})
    facts = read_facts(tmp_path, {"hybrid": stated})
    assert (facts.measures, facts.measures_hash) == ({}, "")


@pytest.mark.parametrize(
    "wrong",
    [
        {"thresholds": {"units": 0.3}},
        {"thresholds": THRESHOLDS | {"cnn": float("nan")}},
        {"main": "all"},
        {"units": []},
        {"measures": {"4": "coder"}},
    ],
)
def test_facts_that_are_not_whole_are_refused(wrong, tmp_path):
    (key,) = wrong
    with pytest.raises(UserError, match=f"hybrid.{key}"):
        read_facts(tmp_path, {"hybrid": FACTS.model_dump(mode="json") | wrong})
