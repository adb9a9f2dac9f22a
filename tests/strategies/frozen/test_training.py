"""A head on cached features: what it is fitted to, and what it answers."""

import numpy as np
import pandas as pd
import pytest

from tests.models.bundles.complete import PREPROCESSING, drawn_metrics, facts_for
from tests.networks.heads.logistic import LOGISTIC
from tests.strategies.frozen.frozen_clips import CLASSES, experiment, write_clips
from transferpain.core.errors import UserError
from transferpain.core.registry import Registry
from transferpain.core.store import json_text
from transferpain.data.protocols.fold import Fold
from transferpain.models.bundles.bundle import extend_bundle
from transferpain.models.bundles.card import render_card
from transferpain.models.bundles.manifest import load_manifest
from transferpain.models.bundles.probe import make_probe
from transferpain.models.bundles.sklearn_bundle import read_any_bundle, save_head
from transferpain.models.bundles.verify import verify_model
from transferpain.networks.heads.registry import HEADS
from transferpain.strategies.common import feature_answers
from transferpain.strategies.common.feature_rows import mean_features
from transferpain.strategies.frozen import training
from transferpain.strategies.frozen.training import train_head

FOLD = Fold("test", np.arange(6), np.arange(6, 8), np.arange(8, 12))


@pytest.fixture
def clips(tmp_path) -> pd.DataFrame:
    return write_clips(tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("head", [{"kind": "ann", "hidden": [8], "dropout": 0.0}, {"kind": "lstm"}])
def test_a_head_learns_and_answers_for_every_clip(clips, tmp_path, head):
    trained = train_head(experiment(head=head), clips, FOLD, 0, CLASSES, tmp_path / "checkpoint.npz")
    assert list(trained.predictions.columns[5:7]) == ["seed", "part"]
    assert set(trained.predictions["clip"][trained.predictions["part"] == "selection"]) == {"clip6", "clip7"}
    table = trained.predictions[trained.predictions["part"] == "test"]
    answers = table[table["frame"] == -1].set_index("clip")
    assert list(answers.index) == ["clip8", "clip9", "clip10", "clip11"]
    assert (answers["coverage"] == [1, 1, 0, 0]).all()
    np.testing.assert_allclose(answers.loc[["clip10", "clip11"], ["p_0", "p_1", "p_2"]], 1 / 3, atol=1e-6)
    if head["kind"] == "ann":
        assert list(answers["y_pred"][:2]) == [2, 0]
        assert (table.groupby("clip").size()[["clip8", "clip9"]] == 5).all()


@pytest.mark.slow
def test_a_head_that_was_trained_before_is_trained_as_if_it_were_new(clips, tmp_path):
    settings, traced = experiment(head={"kind": "ann", "hidden": [8], "dropout": 0.3}), {}
    for seed in (0, 1):
        trained = train_head(settings, clips, FOLD, seed, CLASSES, tmp_path / f"{seed}.npz", traced)
    alone = train_head(settings, clips, FOLD, 1, CLASSES, tmp_path / "alone.npz")
    assert len(traced) == 1
    assert trained.model not in traced.values()
    pd.testing.assert_frame_equal(trained.predictions, alone.predictions)
    pd.testing.assert_frame_equal(trained.history.drop(columns="seconds"), alone.history.drop(columns="seconds"))
    for one, other in zip(trained.model.get_weights(), alone.model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.slow
def test_what_was_fitted_names_the_clips_that_were_seen(clips, tmp_path):
    settings = experiment(head={"kind": "lstm"}, training={"epochs": 1, "class_weights": True})
    fold = Fold("test", np.array([10, 4, 2, 11, 0]), np.arange(6, 8), np.arange(8, 10))
    trained = train_head(settings, clips, fold, 0, CLASSES, tmp_path / "checkpoint.npz")
    fitted = {one.step: one.rows.tolist() for one in trained.fitted}
    # Clip 10 has no features and clip 11 shows no face; their labels count for the prior alone.
    assert fitted == {
        "weights of the network": [0, 2, 4],
        "prior for clips without a face": [0, 2, 4, 10, 11],
        "class weights": [0, 2, 4],
        "batch normalisation": [0, 2, 4],
        "choice of the epoch": [6, 7],
    }
    assert not any(one.transductive for one in trained.fitted)


def test_a_head_of_scikit_learn_is_trained_answers_and_is_passed_on(clips, tmp_path, monkeypatch):
    for module in (training, feature_answers):
        monkeypatch.setattr(module, "HEADS", Registry("head", [*HEADS.values(), LOGISTIC]))
    settings = experiment().model_copy(update={"head": LOGISTIC.Settings(kind="logistic")})
    result, again = (train_head(settings, clips, FOLD, 0, CLASSES, tmp_path / "checkpoint.npz") for _ in range(2))
    pd.testing.assert_frame_equal(result.predictions, again.predictions)
    assert result.model is None
    assert [one.step for one in result.fitted if one.use == "fit"][-1] == "scaler"
    assert set(result.predictions["frame"]) == {-1}
    tested = result.predictions[result.predictions["part"] == "test"].set_index("clip")
    assert list(tested.loc[["clip8", "clip9"], "y_pred"]) == [2, 0]
    assert list(tested["coverage"]) == [1, 1, 0, 0]

    labels, metrics = ("a", "b", "c"), drawn_metrics(("a", "b", "c"))
    save_head(tmp_path / "fold", result.parts["head"], PREPROCESSING, labels, facts_for("ferplus", False))
    read = read_any_bundle(tmp_path / "fold")
    window = mean_features(settings, np.load(clips["features"][8], mmap_mode="r")[:4])
    answer = read.model.answer(window[None])[0]
    np.testing.assert_array_equal(answer, tested.loc["clip8", ["p_0", "p_1", "p_2"]].to_numpy(np.float32))
    files = {
        "experiment.yaml": b"name: ferplus-small\n",
        "metrics.json": json_text(metrics).encode(),
        "probe.npz": make_probe(read.model),
        "README.md": render_card(load_manifest(tmp_path / "fold"), metrics, list(labels), PREPROCESSING).encode(),
    }
    extend_bundle(tmp_path / "fold", tmp_path / "model", files, {})
    assert all(line.good for line in verify_model(str(tmp_path / "model"), None, rerun=True))


@pytest.mark.parametrize(("train", "selection", "part"), [([10, 11], [0], "training"), ([0, 1], [10, 11], "selection")])
@pytest.mark.parametrize("head", ["ann", "lstm"])
def test_a_part_without_a_face_is_an_error_that_names_it(clips, tmp_path, head, train, selection, part):
    fold = Fold("bare", np.array(train), np.array(selection), np.array([2]))
    with pytest.raises(UserError, match=f"fold bare of test(.|\\n)*2 {part} clips, none with a face"):
        train_head(experiment(head={"kind": head}), clips, fold, 0, CLASSES, tmp_path / "checkpoint.npz")
