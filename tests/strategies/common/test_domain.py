"""A network that sees pictures of the target while it learns: which, and what of them."""

import keras
import numpy as np
import pandas as pd
import pytest

from tests.networks.domain.drawn import small_network
from tests.networks.training.drawn import equal_weights
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.schema import Experiment
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.strategies.common.domain import DomainLearning, learn_domain
from transferpain.strategies.common.network import Shown, Tuning, batches_of, fit_network
from transferpain.strategies.common.phases import gradual_unfreezing, whole_network
from transferpain.strategies.common.pictures import Pictures, still_pictures

SIZE = 32
FOLD = Fold("test", np.arange(12), np.arange(12, 16), np.arange(16, 20), np.arange(20, 28))
TARGETS = np.eye(2, dtype=np.float32)[np.arange(28) % 2]
LEARNING = DomainLearning(ADAPTATIONS["dann"], 1.0)


def shown(images: np.ndarray | None = None, targets: np.ndarray = TARGETS) -> Shown:
    """Pictures of noise; those of the target, from the 16th on, are brighter."""
    if images is None:
        images = np.random.default_rng(0).integers(0, 128, (28, SIZE, SIZE)).astype(np.uint8)
        images[16:] += 100
    y = pd.array(targets.argmax(axis=1), dtype="Int64")
    names = [f"{number:02d}" for number in range(28)]
    dataset = ["biovid"] * 16 + ["ai4pain"] * 12
    samples = pd.DataFrame({"dataset": dataset, "subject": names, "clip": names, "file_clip": names, "y": y})
    return Shown(samples, still_pictures(images, np.arange(28), targets), Preprocessing(size=SIZE))


def experiment(**changes) -> Experiment:
    values = {
        "name": "adapted",
        "task": "cross-binary",
        "dataset": "biovid",
        "protocol": {"kind": "cross_dataset", "test_dataset": "ai4pain"},
        "source": "untrained",
        "backbone": "squeezenet",
        "strategy": "full_fine_tuning",
        "adaptation": "dann",
        "head": {"kind": "dense"},
        "training": {"epochs": 1, "batch": 8, "dtype": "float32", "patience": None},
    }
    return Experiment.model_validate(values | changes)


def network() -> keras.Model:
    return BACKBONES["squeezenet"].build(SIZE, 2)


def tuned(folder, seen: Shown, learning: DomainLearning | None = LEARNING, **changes):
    chosen = experiment(**changes)
    tuning = Tuning(whole_network("squeezenet", chosen.training), chosen.rows, learning)
    return fit_network(chosen, tuning, network(), seen, (FOLD, 0), folder)


def test_pictures_of_the_target_come_without_their_labels():
    adapted = learn_domain(LEARNING, small_network(), shown().pictures, FOLD, 0)
    assert adapted.shown.tolist() == FOLD.reference.tolist()
    assert adapted.images.targets.shape == (8, 2)
    assert (adapted.images.targets == 0.5).all()
    load, _ = shown().pictures.rows_of(FOLD.reference)
    np.testing.assert_array_equal(adapted.images.load(np.arange(8)), load(np.arange(8)))
    assert learn_domain(None, small_network(), shown().pictures, FOLD, 0) is None


@pytest.mark.parametrize("label_mode", ["majority", "probability"])
def test_whatever_labels_are_made_of_pictures_of_the_target_are_batches(label_mode):
    adapted = learn_domain(LEARNING, small_network(), shown().pictures, FOLD, 0)
    chosen = experiment(training={"batch": 5, "label_mode": label_mode})
    batches = batches_of(chosen, Preprocessing(size=SIZE), adapted.images, (0, "fold", "target"))
    assert [images.shape for images, _, _ in batches.of(0)] == [(5, SIZE, SIZE, 3), (3, SIZE, SIZE, 3)]


def test_a_transductive_one_sees_the_tested_pictures():
    learning = DomainLearning(ADAPTATIONS["dann_transductive"], 1.0)
    assert learn_domain(learning, small_network(), shown().pictures, FOLD, 0).shown.tolist() == FOLD.test.tolist()


@pytest.mark.parametrize(("seed", "fold", "same"), [(0, "test", True), (1, "test", False), (0, "fold1", False)])
def test_its_classifier_depends_on_seed_and_fold_alone(seed, fold, same):
    first, second = (
        learn_domain(LEARNING, small_network(), shown().pictures, Fold(name, *list(FOLD.parts.values())), number)
        for name, number in (("test", 0), (fold, seed))
    )
    weights = [one.comparison.classifier.get_weights() for one in (first, second)]
    assert equal_weights(*weights) == same


def test_a_target_without_a_face_is_named():
    nobody = Pictures(lambda positions: (lambda rows: rows, np.empty(0, np.int64)), lambda position: None, TARGETS)
    with pytest.raises(UserError, match="dann has no picture to adapt to") as caught:
        learn_domain(LEARNING, small_network(), nobody, FOLD, 0)
    assert "8 clips in test, and no face in any of them" in str(caught.value)


def test_batch_normalisation_has_seen_both_and_what_is_transductive_is_declared():
    for name, rows in (("mmd", FOLD.reference), ("mmd_transductive", FOLD.test)):
        method = ADAPTATIONS[name]
        adapted = learn_domain(DomainLearning(method, 1.0), small_network(), shown().pictures, FOLD, 0)
        (seen,) = adapted.fitted(FOLD.train, {"weights of the network"})
        assert seen.step == f"adaptation {name}"
        assert seen.rows.tolist() == [*FOLD.train, *rows]
        assert seen.transductive == method.transductive
        _, normalized = adapted.fitted(FOLD.train, {"batch normalisation"})
        assert (normalized.step, normalized.transductive) == ("batch normalisation", method.transductive)
        assert normalized.rows.tolist() == rows.tolist()


@pytest.mark.slow
def test_a_network_is_changed_by_pictures_of_the_target_and_not_by_their_labels_or_by_tested_pictures(tmp_path):
    def weights(name: str, *arguments, **changes) -> list[np.ndarray]:
        (tmp_path / name).mkdir()
        found = tuned(tmp_path / name, *arguments, **changes)
        assert [layer.name for layer in found.model.layers] == [layer.name for layer in network().layers]
        return found.model.get_weights()

    images = np.random.default_rng(0).integers(0, 128, (28, SIZE, SIZE)).astype(np.uint8)
    adapted, plain = weights("adapted", shown(images)), weights("plain", shown(images), None, adaptation=None)
    assert not equal_weights(adapted, plain)
    other_labels = np.concatenate([TARGETS[:16], 1 - TARGETS[16:]])
    assert equal_weights(weights("labels", shown(images, other_labels)), adapted)
    tested, reference = images.copy(), images.copy()
    tested[FOLD.test] += 100
    reference[FOLD.reference] += 100
    assert equal_weights(weights("tested", shown(tested)), adapted)
    assert not equal_weights(weights("reference", shown(reference)), adapted)


@pytest.mark.slow
def test_a_classifier_learns_on_from_phase_to_phase_and_a_broken_off_phase_goes_on(tmp_path):
    chosen = experiment(strategy="gradual_unfreezing", phases_up_to="fire9", training={"epochs": 2, "batch": 8})
    phases = gradual_unfreezing("squeezenet", chosen.training, {}, "fire9")
    assert len(phases) == 2
    tuning = Tuning(phases, chosen.rows, LEARNING)
    ends = []
    for name in ("whole", "again"):
        (tmp_path / name).mkdir()
        if name == "again":  # the first phase is over, the second was not begun
            (tmp_path / name / "checkpoint-head.npz").write_bytes(
                (tmp_path / "whole" / "checkpoint-head.npz").read_bytes()
            )
        ends.append(fit_network(chosen, tuning, network(), shown(), (FOLD, 0), tmp_path / name))
    assert equal_weights(*(one.model.get_weights() for one in ends))
    assert ends[0].training.history["domain_loss"].tolist() == ends[1].training.history["domain_loss"].tolist()
