"""Heads on textures, which no network makes of faces: from the experiment to a photograph, by the command line."""

import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from tests.end_to_end.small_runs import fail, settings, succeed
from tests.forked_program import forked
from transferpain.apps.live.model import load_live_model
from transferpain.apps.live.rows import Rows
from transferpain.apps.predict.loaded_model import load_model
from transferpain.apps.serve.head_assessor import HeadAssessor
from transferpain.core.store import read_json
from transferpain.data.places import Places
from transferpain.evaluation.predictions import WHOLE_CLIP
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import load_experiment
from transferpain.inputs.faces.cache import read_faces
from transferpain.inputs.faces.jpeg import decode_jpeg
from transferpain.inputs.features.cache import read_features
from transferpain.models.bundles.manifest import read_contents
from transferpain.strategies.frozen.features import features_of
from transferpain.strategies.frozen.joined import join

pytestmark = pytest.mark.slow
EXPERIMENTS = Path(__file__).parents[2] / "experiments"
SMALL = {
    "protocol": {"folds": 2, "selection_share": 0.34},
    "faces": {"size": 32},
    "features": {"fps": 10, "dtype": "float32"},
    "window": {"seconds": 0.5},
}
QUICK = {"optimizer": {"name": "adam", "learning_rate": 1.0e-3}, "epochs": 2, "batch": 16}
MEMBERS = {
    "glcm-boosting": {"head": {"kind": "gradient_boosting", "trees": 5}},
    "glcm-svm": {"head": {"kind": "svm"}},
    "lbp-ann": {"source": {"extractor": "lbp"}, "head": {"kind": "ann", "hidden": [8]}, "training": QUICK},
    "hog-lstm": {
        "source": {"extractor": "hog", "pixels": 32},
        "head": {"kind": "lstm"},
        "training": QUICK,
    },
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Path:
    """A workspace with a study of textures that has run on a small twin."""
    folder = tmp_path_factory.mktemp("texture")
    shutil.copy(EXPERIMENTS / "biovid-texture.yaml", folder)
    study = {
        "study": "textures",
        "title": "Textures",
        "question": "Do heads learn on textures?",
        "data_root": "data",
        "twins": {"biovid": {"subjects": 9, "clips": 1, "seconds": 0.6, "levels": ["BL1", "PA4"]}},
        "set": SMALL,
        "experiments": {name: {"experiment": "biovid-texture", "set": changes} for name, changes in MEMBERS.items()},
        "comparisons": [{"better": "glcm-boosting", "worse": "lbp-ann"}],
    }
    (folder / "textures.yaml").write_text(yaml.safe_dump(study), encoding="utf-8")
    succeed(forked("run", folder / "textures.yaml", "--workspace", folder))
    return folder


def run_of(workspace: Path, name: str) -> Path:
    (path,) = (workspace / "runs").glob(f"{name}-*")
    return path


def files(folder: Path) -> dict[Path, int]:
    return {path: path.stat().st_mtime_ns for path in folder.rglob("*.npy")}


def test_no_network_is_built_and_the_report_names_the_textures(workspace):
    table = pd.read_csv(workspace / "reports" / "textures" / "results.csv").set_index("run")
    made = table[["source", "backbone", "detector"]].drop_duplicates()
    assert sorted(made["source"]) == ["glcm", "hog", "lbp"]
    assert set(made["backbone"].fillna("none")) == {"none"}
    assert table["synthetic"].all()
    for name in MEMBERS:
        manifest = read_json(run_of(workspace, name) / "model" / "manifest.json")
        extractor = name.split("-")[0]
        assert (manifest["extractor"], manifest["start"], manifest["parents"]) == (extractor, extractor, [])
        assert manifest["extractor_key"][0] == f"{extractor} 1"
        card = (run_of(workspace, name) / "model" / "README.md").read_text(encoding="utf-8")
        assert f"A head from the features `{extractor}` of faces" in card


def test_what_is_cached_is_not_computed_again(workspace):
    before = files(workspace / "cache" / "features")
    experiment = workspace / "biovid-texture.yaml"
    small = (
        "protocol.folds=2",
        "protocol.selection_share=0.34",
        "faces.size=32",
        "features.fps=10",
        "features.dtype=float32",
    )
    small = (*small, "window.seconds=0.5", "head.kind=logistic_regression")
    places = ("--workspace", workspace, "--data-root", workspace / "data")
    succeed(forked("run", experiment, *places, *settings(*small)))
    assert files(workspace / "cache" / "features") == before
    succeed(forked("extract", experiment, *places, *settings(*small, "source.levels=16")))
    assert len(files(workspace / "cache" / "features")) > len(before)
    assert "glcm 1 in float32" in forked("cache", "list", "--workspace", workspace).stdout


@pytest.mark.parametrize("name", MEMBERS)
def test_a_head_makes_the_features_of_a_face_itself_and_answers_as_in_the_run(workspace, name):
    path = run_of(workspace, name)
    plan = make_plan(load_experiment(path / "experiment.yaml"), workspace, Places(workspace / "data", workspace))
    table = features_of(plan, Places(workspace / "data", workspace))
    model = join(read_contents(path / "model"))
    rows, facts = RunFolder(path).predictions(), model.bundle.manifest
    own = rows[(rows["fold"] == facts["fold"]) & (rows["part"] == "test") & (rows["frame"] == WHOLE_CLIP)]
    own = own.set_index("clip")
    assert model.synthetic
    for row in table[table["clip"].isin(own.index)].head(3).itertuples():
        faces, kept = read_faces(Path(row.faces)), read_features(Path(row.features))
        pictures = np.stack([decode_jpeg(jpeg) for jpeg in faces.jpegs()])
        taken = (np.cumsum(faces.found) - 1)[row.sampling()[~np.isnan(kept[:, 0])]]
        np.testing.assert_array_equal(model.embed(pictures)[taken], np.float32(kept[~np.isnan(kept[:, 0])]))
        expected = own.loc[row.clip, ["p_0", "p_1"]].to_numpy(dtype=float)
        answer = model.answer_stretch(np.float32(kept[: model.stretch.window_frames]))
        np.testing.assert_allclose(answer, expected, atol=2e-6)


@pytest.mark.parametrize("name", ["glcm-svm", "lbp-ann"])
def test_it_answers_to_pictures_is_served_and_watched(workspace, name):
    folder = run_of(workspace, name) / "model"
    faces = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), dtype=np.uint8)
    answers = load_model(folder).predict(faces)
    assert answers.shape == (3, 2)
    np.testing.assert_allclose(answers.sum(axis=1), 1, atol=1e-5)
    assert np.isfinite(HeadAssessor(read_contents(folder)).forward(faces)).all()
    live = load_live_model(str(folder))
    assert live.synthetic
    if live.over_time is not None:
        assert Rows(live.over_time).waiting > 0
    succeed(forked("models", "verify", folder, "--reproduce"))


def test_it_is_no_network_that_could_be_explained(workspace, tmp_path):
    folder = run_of(workspace, "lbp-ann") / "model"
    places = ("--workspace", workspace, "--data-root", workspace / "data", "--to", tmp_path / "seen")
    said = fail(forked("explain", folder, *places))
    assert "is not one network from a picture to classes" in said
    assert "features: lbp" in said


def test_another_version_of_the_library_is_told(workspace, capfd):
    contents = read_contents(run_of(workspace, "glcm-svm") / "model")
    contents.manifest["extractor_key"][1] = "scikit-image 0.1"
    join(contents)
    assert "trained on features of glcm 1, scikit-image 0.1" in " ".join(capfd.readouterr().err.split())
