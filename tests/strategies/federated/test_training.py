"""A head on cached features, trained by clients: who they are, what they send, what is said of it."""

import numpy as np
import pandas as pd
import pytest

from tests.strategies.federated.federated_clips import CLASSES, FOLD, SGD, experiment, write_clips
from tests.strategies.frozen import frozen_clips
from transferpain.core.errors import UserError
from transferpain.data.protocols.fold import Fold
from transferpain.strategies.federated import training
from transferpain.strategies.federated.training import client_names, train_federated
from transferpain.strategies.frozen.training import train_head

HEAD = {"kind": "ann", "hidden": [8], "dropout": 0.3}
TRAINING = {"epochs": 2, "batch": 4, "patience": None, "class_weights": True, "optimizer": SGD}


@pytest.fixture
def clips(tmp_path) -> pd.DataFrame:
    return write_clips(tmp_path)


@pytest.fixture(autouse=True)
def nothing_was_said_before():
    training._say.cache_clear()


def trained(clips, tmp_path, federated=None, fold=FOLD, **changes):
    recipe = experiment(federated, **({"training": TRAINING, "head": HEAD} | changes))
    return train_federated(recipe, clips, (fold, 0), CLASSES, tmp_path / "checkpoint.npz")


def test_one_client_with_every_clip_is_the_strategy_frozen_to_the_bit(clips, tmp_path):
    pooled = frozen_clips.experiment(training=TRAINING, head=HEAD)
    there = train_head(pooled, clips, FOLD, 0, CLASSES, tmp_path / "pooled.npz")
    here = trained(clips.assign(site="here"), tmp_path, {"client": "site"})
    pd.testing.assert_frame_equal(here.predictions, there.predictions)
    for mine, theirs in zip(here.model.get_weights(), there.model.get_weights(), strict=True):
        np.testing.assert_array_equal(mine, theirs)


def test_a_client_for_each_subject_and_what_they_sent_in_bytes(clips, tmp_path):
    result = trained(clips, tmp_path)
    facts, table = result.files["federated.json"], result.files["clients.csv"]
    assert table["client"].tolist() == ["ai4pain/0", "ai4pain/1", "ai4pain/2"]
    # Two windows of a second at 4 rows a second; one row of the first clip shows no face.
    assert table["rows"].tolist() == [15, 16, 16]
    assert table["rounds"].tolist() == [2, 2, 2]
    # 6 x 8 + 8 numbers and 8 x 3 + 3, of 4 bytes; rows, loss and accuracy of 8 in each update, and two counts a class.
    assert (facts["body"], facts["last_layer"]) == (56, 27)
    assert facts["bytes_down"] == 2 * 3 * 83 * 4
    assert facts["bytes_up"] == 2 * 3 * 83 * 4 + 8 * (2 * 3 * 3 + 2 * 3 * CLASSES)
    assert result.facts["federated"] == {
        "clients": 3, "rounds": 2, "client": "subject", "local_epochs": 1, "share": 1.0, "personal": "none",
    }  # fmt: skip


def test_what_was_fitted_is_of_clients_that_took_part_and_what_was_counted_is_of_all(clips, tmp_path):
    result = trained(clips, tmp_path, {"share": 0.34}, training=TRAINING | {"epochs": 1})
    (took_part,) = np.flatnonzero(result.files["clients.csv"]["rounds"])
    fitted = {one.step: one.rows.tolist() for one in result.fitted}
    assert fitted == {
        "weights of the network": [2 * took_part, 2 * took_part + 1],
        "prior for clips without a face": [0, 1, 2, 3, 4, 5],
        "class weights": [0, 1, 2, 3, 4, 5],
        "choice of the epoch": [6, 7],
    }


@pytest.mark.parametrize("personal", ["none", "last_layer"])
def test_a_client_with_one_class_or_one_row_learns_from_what_it_has(personal, clips, tmp_path, capfd):
    few = clips.copy()
    few.loc[0:1, "y"] = 2  # subject 0 knows one class
    few.loc[2:3, "subject"] = ["1", "9"]  # and two have one clip
    few.loc[3, "row"] = 0  # of one frame
    result = trained(few, tmp_path, {"personal": personal})
    table = result.files["clients.csv"].set_index("client")
    assert table["classes"].to_dict() == {"ai4pain/0": 1, "ai4pain/1": 1, "ai4pain/2": 2, "ai4pain/9": 1}
    assert table["rows"]["ai4pain/9"] == 1
    assert result.files["federated.json"]["of_one_class"] == 3
    assert np.isfinite(result.history[["loss", "val_loss"]]).all(axis=None)
    assert np.isfinite(np.concatenate([one.ravel() for one in result.model.get_weights()])).all()
    assert np.isfinite(result.predictions.filter(regex=r"^p_\d+$")).all(axis=None)
    trained(few, tmp_path, {"personal": personal})
    assert capfd.readouterr().err.count("NOTE: 3 of 4 clients of test have clips of one class alone.") == 1


def test_clients_of_one_class_each_learn_all_classes_together(clips, tmp_path):
    each = clips.assign(subject=[f"knows-{y}" for y in clips["y"]])
    each.loc[6:, "subject"] = "tested"
    result = trained(each, tmp_path, training=TRAINING | {"epochs": 30, "optimizer": SGD | {"learning_rate": 0.2}})
    tested = result.predictions.query("part == 'test' and frame == -1").set_index("clip")
    assert result.files["federated.json"]["of_one_class"] == result.files["federated.json"]["clients"] == 3
    assert tested.loc[["clip8", "clip9"], "y_pred"].tolist() == [2, 0]


def test_who_shows_no_face_is_no_client(clips, tmp_path, capfd):
    fold = Fold("test", np.array([0, 1, 2, 3, 10, 11]), np.arange(6, 8), np.arange(8, 10))
    result = trained(clips, tmp_path, fold=fold)
    facts = result.files["federated.json"]
    assert (facts["clients"], facts["without_a_face"]) == (2, 1)
    assert result.fitted[1].rows.tolist() == [0, 1, 2, 3, 10, 11]  # its labels count for the prior
    assert "one class alone" not in capfd.readouterr().err


@pytest.mark.parametrize(("train", "selection", "part"), [([10, 11], [0], "training"), ([0, 1], [10, 11], "selection")])
def test_a_part_without_a_face_is_an_error_that_names_it(clips, tmp_path, train, selection, part):
    fold = Fold("bare", np.array(train), np.array(selection), np.array([2]))
    with pytest.raises(UserError, match=f"fold bare of test(.|\\n)*2 {part} clips, none with a face"):
        trained(clips, tmp_path, fold=fold)


@pytest.mark.parametrize("loss", ["mse", "corn"])
def test_a_number_is_learned_as_classes_are(loss, clips, tmp_path):
    result = trained(clips, tmp_path, {"personal": "last_layer"}, training=TRAINING | {"loss": loss})
    probabilities = result.predictions.filter(regex=r"^p_\d+$")
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, rtol=1e-5)


@pytest.mark.slow
def test_averages_of_batch_normalisation_are_those_of_the_clients_by_their_rows(clips, tmp_path):
    once = TRAINING | {"epochs": 1, "class_weights": False}
    alone, rows = [], []
    for subject in range(3):
        fold = Fold("test", np.arange(2 * subject, 2 * subject + 2), FOLD.selection, FOLD.test)
        folder = tmp_path / str(subject)
        folder.mkdir()
        result = trained(clips, folder, fold=fold, head={"kind": "lstm"}, training=once)
        alone.append(result.model.get_layer("norm1").get_weights())
        rows.append(int(result.files["clients.csv"]["rows"].sum()))
    together = trained(clips, tmp_path, head={"kind": "lstm"}, training=once).model.get_layer("norm1").get_weights()
    for number, mine in enumerate(together):
        expected = sum(n * own[number] for n, own in zip(rows, alone, strict=True)) / sum(rows)
        np.testing.assert_allclose(mine, expected, rtol=1e-5, atol=1e-6)


def test_clients_are_named_by_dataset_and_subject_or_by_a_column(clips):
    assert client_names(clips.iloc[:3], "subject").tolist() == ["ai4pain/0", "ai4pain/0", "ai4pain/1"]
    assert client_names(clips.iloc[:2].assign(site=["a", "b"]), "site").tolist() == ["a", "b"]
