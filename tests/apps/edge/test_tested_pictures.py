import numpy as np
import pytest
import yaml

from tests.apps.explain.small_models import small_model
from tests.command_line import EXPERIMENTS
from transferpain.apps.edge.tested_pictures import ChosenPictures, choose_pictures, spread
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.twins import write_twin
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.models.bundles.bundle import Bundle
from transferpain.models.sources.picture_model import PictureModel
from transferpain.models.sources.preprocessing import Preprocessing

SIZE = 32
FOUND = Preprocessing(size=SIZE)
LOSO = {"protocol": {"kind": "loso"}, "faces": {"detector": "mediapipe", "size": SIZE}}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


def choose(
    folder, experiment: Experiment, places: Places, *, fold="", chosen="test", per_class=3, **stated
) -> ChosenPictures:
    (folder / "experiment.yaml").write_text(yaml.safe_dump(experiment.resolved()), encoding="utf-8")
    preprocessing = FOUND.model_copy(update={"detector": "none"}) if experiment.task.startswith("ferplus") else FOUND
    model = model_in(folder, preprocessing, fold=fold, **stated)
    return choose_pictures(model, chosen, per_class, places)


def model_in(folder, preprocessing: Preprocessing, **manifest) -> PictureModel:
    return PictureModel(
        folder, Bundle(small_model(2), preprocessing.model_dump(), ("a", "b"), manifest, "0" * 64), preprocessing
    )


def biovid() -> Experiment:
    return load_experiment(EXPERIMENTS / "biovid-vgg16.yaml", LOSO)


@pytest.mark.parametrize(
    ("count", "most", "taken"), [(5, 9, [0, 1, 2, 3, 4]), (9, 3, [1, 4, 7]), (4, 1, [2]), (0, 3, [])]
)
def test_positions_are_spread(count, most, taken):
    assert spread(count, most).tolist() == taken


@pytest.mark.slow
def test_pictures_of_a_fold_are_those_it_was_tested_on(small_twin, workspace, tmp_path):
    places = Places(small_twin, workspace)
    everyone = choose(tmp_path, biovid(), places, per_class=8)
    assert everyone.table["subject"].nunique() == 4
    assert everyone.table.groupby("y").size().tolist() == [8, 8]
    assert everyone.synthetic
    assert everyone.faces.shape == (16, SIZE, SIZE, 3)
    someone = everyone.table["subject"].iloc[0]  # LOSO's folds are named after their subject
    fold = choose(tmp_path, biovid(), places, fold=someone)
    assert fold.table["subject"].unique().tolist() == [someone]
    assert someone not in set(choose(tmp_path, biovid(), places, fold=someone, chosen="train").table["subject"])


@pytest.mark.slow
def test_other_data_than_the_model_was_trained_on_are_told(small_twin, workspace, tmp_path, capsys):
    places = Places(small_twin, workspace)
    choose(tmp_path, biovid(), places, index=places.index("biovid").hash)
    assert "not the data" not in capsys.readouterr().err
    choose(tmp_path, biovid(), places, index="0" * 16)
    assert "not the data that the model was trained on" in capsys.readouterr().err


@pytest.mark.slow
def test_the_mesh_lies_on_the_face(small_twin, workspace, tmp_path):
    chosen = choose(tmp_path, biovid(), Places(small_twin, workspace))
    found = np.isfinite(chosen.points).all(axis=(1, 2))
    assert found.mean() > 0.8
    points = chosen.points[found]
    assert np.abs(points.mean(axis=1) - SIZE / 2).max() < SIZE / 4
    assert (points[:, 33, 1] < points[:, 13, 1]).all()  # an eye above the lips


@pytest.mark.slow
def test_named_clips_only(small_twin, workspace, tmp_path):
    places = Places(small_twin, workspace)
    name = choose(tmp_path, biovid(), places).table["clip"].iloc[-1]
    named = choose(tmp_path, biovid(), places, chosen=(name,), per_class=2)
    assert named.table["clip"].tolist() == [name, name]
    assert named.table["frame"].is_unique
    with pytest.raises(UserError, match=r"no such clip[\s\S]*Received: nobody"):
        choose(tmp_path, biovid(), places, chosen=(name, "nobody"))


@pytest.mark.slow
def test_images_that_are_faces_already(tmp_path):
    write_twin("ferplus", tmp_path / "data", TwinSettings(subjects=10, clips=8, seed=2), lambda frames: None)
    experiment = load_experiment(EXPERIMENTS / "ferplus-resnet18.yaml")
    chosen = choose(tmp_path, experiment, Places(tmp_path / "data", tmp_path), per_class=2)
    assert chosen.faces.shape[1:] == (SIZE, SIZE, 3)
    assert np.ptp(chosen.faces, axis=3).max() == 0  # grey
    found = np.isfinite(chosen.points).all(axis=(1, 2))
    assert found.any()
    assert np.abs(chosen.points[found].mean(axis=1) - SIZE / 2).max() < SIZE / 3


def test_a_bundle_that_names_no_data_is_refused(tmp_path):
    with pytest.raises(UserError, match="does not say on which data"):
        choose_pictures(model_in(tmp_path, FOUND), "test", 3, Places(tmp_path, tmp_path))


@pytest.mark.slow
def test_single_frames_stand_by_their_own_class(tmp_path):
    write_twin("unbc", tmp_path / "data", TwinSettings(subjects=3, clips=1, seconds=1), lambda frames: None)
    changes = LOSO | {"source": "untrained"}
    experiment = load_experiment(EXPERIMENTS / "unbc-7level.yaml", changes)
    places = Places(tmp_path / "data", tmp_path)
    table = choose(tmp_path, experiment, places, per_class=4).table
    assert not table.duplicated(["clip", "frame"]).any()
    frames = places.index("unbc").frames
    frames = frames.assign(row=frames.groupby("clip").cumcount())
    labelled = table.merge(frames, left_on=["clip", "frame"], right_on=["clip", "row"], validate="one_to_one")
    assert len(labelled) == len(table)
    assert (labelled.loc[labelled["y"] == 0, "pspi"] == 0).all()
    assert (labelled.loc[labelled["y"] > 0, "pspi"] > 0).all()
    assert table["y"].nunique() > 1
