"""The plan: what a run is named by, and what its model reads."""

from tests.command_line import EXPERIMENTS
from transferpain.data.places import Places
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import load_experiment


def plan_of(name: str, data_root, workspace, **changes):
    experiment = load_experiment(EXPERIMENTS / f"{name}.yaml", {"source": "untrained"} | changes)
    return make_plan(experiment, EXPERIMENTS, Places(data_root, workspace))


def test_the_preprocessing_is_that_of_the_experiments_faces(small_twin, tmp_path):
    faces = {"detector": "dlib", "size": 48, "margin": None}
    plan = plan_of("ai4pain-ann", small_twin, tmp_path, faces=faces, images={"scaling": "caffe"})
    assert plan.preprocessing.canonical == "detect(dlib,margin=0.25)|resize(48)|rgb|scale(caffe)"
    assert plan.has_faces_stage


def test_drawn_data_make_the_plan_synthetic(small_twin, tmp_path):
    assert plan_of("biovid-vgg16", small_twin, tmp_path).synthetic
