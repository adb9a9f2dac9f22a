"""The files of `make null-check`: nothing is left out, and clips are as unequal as the official ones."""

import numpy as np
import pytest

from tests.command_line import EXPERIMENTS
from transferpain.data.places import Places
from transferpain.data.synthetic.twins import PLANS
from transferpain.experiments.matrix.run import load
from transferpain.experiments.study import load_batch
from transferpain.inputs.adaptation.base import FeatureAdaptation
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.inputs.features.extractors.registry import EXTRACTORS
from transferpain.networks.clips.registry import CLIP_NETWORKS
from transferpain.networks.domain.registry import DOMAIN_LOSSES
from transferpain.networks.heads.registry import HEADS
from transferpain.strategies.registry import STRATEGIES

PLACES = Places(EXPERIMENTS, EXPERIMENTS)
DATASETS = {"biovid", "ai4pain", "unbc", "mintpain"}


@pytest.fixture(scope="module")
def study():
    return load_batch(EXPERIMENTS / "null-check.yaml", PLACES, [])


@pytest.fixture(scope="module")
def matrix():
    return load(EXPERIMENTS / "null-check-matrix.yaml", PLACES, [], [])


def test_every_strategy_head_adaptation_texture_and_clip_network_is_there(study, matrix):
    assert {one.strategy for one in study.experiments} == set(STRATEGIES)
    cells = [cell.experiment for cell in matrix.cells]
    assert {one.head.kind for one in [*study.experiments, *cells]} >= set(HEADS)
    adapted = {one.adaptation for one in study.experiments} - {None}
    of_features = {name for name, method in ADAPTATIONS.items() if isinstance(method, FeatureAdaptation)}
    assert adapted >= of_features
    # Of a domain loss either use is enough: both see pictures without labels, and one of the three is transductive.
    networks = [ADAPTATIONS[name] for name in adapted - of_features]
    assert {method.loss.name for method in networks} == set(DOMAIN_LOSSES)
    assert {method.transductive for method in networks} == {False, True}
    assert {one.features.extractor for one in study.experiments} == set(EXTRACTORS)
    clips = [one for one in study.experiments if one.strategy == "clip_network"]
    assert {one.network.kind for one in clips} == set(CLIP_NETWORKS)
    assert any(one.units for one in study.experiments)


@pytest.mark.parametrize("kind", ["transfer", "cross_dataset"])
def test_either_matrix_tests_every_dataset_with_each_kind_of_head_and_a_source_that_was_trained(matrix, kind):
    cells = [cell for cell in matrix.cells if cell.kind == kind]
    assert {cell.tested_on for cell in cells} == DATASETS
    assert {HEADS[cell.experiment.head.kind].reads for cell in cells} == {head.reads for head in HEADS.values()}
    assert {"untrained", "biovid-vgg16"} <= {cell.experiment.source for cell in cells}


def test_both_files_draw_the_same_twins_so_that_they_are_drawn_once(study, matrix):
    assert study.twins == matrix.matrix.twins
    assert study.places == matrix.places


def test_clips_are_as_unequal_as_the_official_ones(study):
    frames = {
        dataset: {plan.clip: plan.frames for plan in PLANS[dataset](settings)}
        for dataset, settings in study.twins.items()
    }
    of_level = {
        level: {count for clip, count in frames["ai4pain"].items() if level in clip} for level in ("Baseline", "HIGH")
    }
    (baseline,), (pain,) = of_level.values()
    assert baseline == 6 * pain
    assert len(set(frames["biovid"].values())) == 1
    sequences = np.array(list(frames["unbc"].values()))
    assert sequences.max() > 3 * sequences.min()
    pictures = frames["mintpain"].values()
    assert 8 <= min(pictures) < 12
    assert 24 < max(pictures) <= 28
