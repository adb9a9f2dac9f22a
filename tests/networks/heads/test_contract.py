"""What every head keeps to, and that one of scikit-learn can stand beside those of Keras."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from tests.models.bundles.complete import PREPROCESSING
from tests.networks.heads.logistic import LOGISTIC
from transferpain.core.registry import Registry
from transferpain.models.bundles.bundle import save_bundle
from transferpain.models.bundles.probe import make_probe
from transferpain.models.bundles.sklearn_bundle import SklearnHead, read_any_bundle, save_head
from transferpain.networks.heads.base import Fitted, Head, HeadTraining, Rows
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.training.settings import OptimizerSettings, TrainingSettings

CLASSES, DIMENSION, FRAMES = 3, 5, 4
ALL = Registry("head", [*HEADS.values(), LOGISTIC])
LABELS = ("none", "some", "much")
SETTINGS = TrainingSettings(batch=16, epochs=12, patience=10, optimizer=OptimizerSettings(learning_rate=0.02))


def drawn(head: Head, rows: int, seed: int) -> Rows:
    """Return rows whose class shows in one of their features."""
    y = np.arange(rows) % CLASSES
    shape = (rows, FRAMES, DIMENSION) if head.reads == "window" else (rows, DIMENSION)
    x = np.random.default_rng(seed).normal(size=shape).astype(np.float32)
    x[np.arange(rows), ..., y] += 4
    return Rows(lambda positions: x[positions], y, np.ones(rows, np.float32))


# As many trees as it takes to learn what is drawn here.
FEW = {
    "random_forest": {"trees": 20},
    "gradient_boosting": {"trees": 10, "learning_rate": 0.5},
    "xgboost": {"trees": 10, "learning_rate": 0.5},
}


def settings_of(head: Head) -> Any:
    return head.Settings(kind=head.name, **FEW.get(head.name, {}))


def fitted(head: Head, folder: Path, traced: dict[str, Any], seed: int = 0) -> Fitted:
    training = HeadTraining(
        classes=CLASSES,
        dimension=DIMENSION,
        frames=FRAMES,
        settings=SETTINGS,
        seed=(seed, "fold"),
        checkpoint=folder / f"{len(list(folder.iterdir()))}.npz",
        label="contract",
        traced=traced,
    )
    return head.fit(settings_of(head), training, drawn(head, 48, 1), drawn(head, 12, 2))


def save(one: Fitted, folder: Path) -> None:
    parts = dict(one.parts())
    network = parts.pop("model", None)
    if network is None:
        save_head(folder, parts["head"], PREPROCESSING, LABELS, {"synthetic": True})
    else:
        save_bundle(folder, network, PREPROCESSING, LABELS, {"synthetic": True})


@pytest.fixture(
    scope="module",
    # Graphs of those that read windows take three times as long.
    params=[
        pytest.param(head, id=name, marks=[pytest.mark.slow] * (head.reads == "window")) for name, head in ALL.items()
    ],
)
def head(request) -> Head:
    return request.param


@pytest.fixture(scope="module")
def traced(head) -> dict[str, Any]:
    """What the trainings of the head share: graphs that the first one traced."""
    return {}


@pytest.fixture(scope="module")
def one(head, traced, tmp_path_factory) -> Fitted:
    """The head, trained to the end."""
    return fitted(head, tmp_path_factory.mktemp("one"), traced)


def test_it_learns_and_says_how_well(head, one):
    unseen = drawn(head, 30, 3)
    said = one.predict(unseen.all())
    assert said.shape == (30, CLASSES)
    np.testing.assert_allclose(said.sum(axis=1), 1, atol=1e-5)
    assert (said.argmax(axis=1) == unseen.y).mean() > 0.8
    assert one.selection_loss < np.log(CLASSES)
    assert one.history["epoch"].tolist() == list(range(1, len(one.history) + 1))
    assert np.isfinite(one.history["val_loss"]).all()
    assert one.selection_loss in one.history["val_loss"].tolist()


def test_rows_of_a_batch_do_not_see_each_other(head, one):
    x = drawn(head, 6, 3).all()
    others = x.copy()
    others[1:] = 50.0
    np.testing.assert_allclose(one.predict(x)[0], one.predict(others)[0], atol=1e-6)


def test_the_same_seed_gives_the_same_bits_and_another_one_others_where_it_draws(head, one, traced, tmp_path):
    x = drawn(head, 6, 3).all()
    first = one.predict(x)
    other, again = (fitted(head, tmp_path, traced, seed).predict(x) for seed in (1, 0))
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(first, one.predict(x))
    if head.layers:  # a classifier of scikit-learn may draw nothing
        assert not np.array_equal(first, other)


def test_it_states_its_layers_truly(head, one):
    network = one.parts().get("model")
    built = set() if network is None else {type(layer).__name__ for layer in network.layers}
    assert built - {"NotEqual", "Any"} == head.layers  # operations of a mask


def test_it_is_saved_and_answers_the_same(head, one, tmp_path):
    save(one, tmp_path / "bundle")
    bundle = read_any_bundle(tmp_path / "bundle")
    x = drawn(head, 6, 3).all()
    answer = bundle.model.answer if isinstance(bundle.model, SklearnHead) else bundle.model.predict_on_batch
    np.testing.assert_allclose(answer(x), one.predict(x), atol=1e-6)
    assert make_probe(bundle.model) == make_probe(bundle.model)


def test_its_settings_refuse_what_they_do_not_know(head):
    assert settings_of(head).kind == head.name
    for wrong in ({"kind": "other"}, {"kind": head.name, "colour": "red"}, {}):
        with pytest.raises(ValidationError):
            head.Settings.model_validate(wrong)


def test_the_estimate_is_of_some_speed(head):
    assert head.rows_per_second > 0
    assert all(step == step.strip() and step for step in head.steps)
