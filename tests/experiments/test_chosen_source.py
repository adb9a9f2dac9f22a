"""The source that an experiment names is found, and one that does not fit is refused before anything is computed."""

import pytest

from tests.command_line import EXPERIMENTS
from tests.models.bundles.bundles import LABELS, small_model
from tests.small_study import CROSS, tiny, write_small_study
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.experiments.chosen_source import settled, source_experiment
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import load_experiment
from transferpain.models.bundles.bundle import save_bundle
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.vgg16 import build_vgg16_gap


def test_a_shared_model_is_a_source_and_may_be_pinned(small_twin, tmp_path):
    folder = tmp_path / "shared"
    preprocessing = Preprocessing(size=32, detector="mediapipe")
    facts = {"synthetic": False, "backbone": "vgg16"}
    digest = save_bundle(folder, build_vgg16_gap(32, 2, embedding=8), preprocessing.model_dump(), ("a", "b"), facts)
    places = Places(small_twin, tmp_path)
    assert make_plan(tiny(EXPERIMENTS, source=str(folder)), EXPERIMENTS, places).origin.hash == digest
    pinned = make_plan(tiny(EXPERIMENTS, source=f"{folder}#sha256={digest}"), EXPERIMENTS, places)
    assert (pinned.origin.name, pinned.origin.hash) == (str(folder), digest)
    with pytest.raises(UserError, match="another bundle than the one that is asked for"):
        make_plan(tiny(EXPERIMENTS, source=f"{folder}#sha256={'0' * 64}"), EXPERIMENTS, places)


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("no-such-thing", "The source of ai4pain-ann was not found"),
        ("ai4pain-lstm", "cannot be a source"),
        ("unbc-7level", "no network without it"),
    ],
)
def test_a_source_that_is_none_is_refused(small_twin, tmp_path, source, message):
    with pytest.raises(UserError, match=message):
        make_plan(tiny(EXPERIMENTS, source=source), EXPERIMENTS, Places(small_twin, tmp_path))


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ("ferplus-resnet19", "Did you mean .*ferplus-resnet18"),
        ("ferplus-vgg16/model.keras", "Name the folder .*vgg16$"),
    ],
)
def test_the_shared_model_that_may_be_meant_is_named(source, told):
    experiment = tiny(EXPERIMENTS, source=f"{EXPERIMENTS.parent / 'weights' / source}")
    with pytest.raises(UserError, match=f"not found(.|\n)*{told}"):
        source_experiment(experiment, EXPERIMENTS)


def test_a_source_of_several_seeds_is_refused(small_twin, tmp_path):
    folder = write_small_study(tmp_path / "experiments").parent
    path = folder / "small-biovid.yaml"
    path.write_text(path.read_text() + "seeds: [0, 1]\n")
    with pytest.raises(UserError, match="one seed"):
        make_plan(tiny(folder, source="small-biovid"), folder, Places(small_twin, tmp_path))


@pytest.mark.parametrize("source", ["untrained", "small-biovid", "shared"])
def test_adabn_of_a_source_without_batch_normalisation_is_refused_before_anything_is_computed(
    small_twin, tmp_path, source
):
    folder = write_small_study(tmp_path / "experiments").parent
    if source == "shared":
        source = str(tmp_path / "shared")
        preprocessing = Preprocessing(size=32, detector="mediapipe").model_dump()
        facts = {"synthetic": False, "backbone": "vgg16"}
        save_bundle(tmp_path / "shared", small_model(), preprocessing, LABELS, facts)
    places = Places(small_twin, tmp_path / "workspace")
    name = "VGG16" if source.endswith("shared") else "SqueezeNet 1.1"
    with pytest.raises(UserError, match=f"{name} has none"):
        make_plan(tiny(folder, **CROSS, source=source, adaptation="batch_norm"), folder, places)
    assert not places.runs.exists()


def experiment(folder, source, more=""):
    """An experiment of a head on features that says no more than it must."""
    file = folder / "mine.yaml"
    file.write_text(
        f"name: mine\ntask: ai4pain-three\nprotocol: {{kind: loso}}\nsource: {source}\nstrategy: frozen\n"
        f"head: {{kind: ann}}\n{more}"
    )
    return load_experiment(file)


def test_a_shared_source_decides_over_backbone_and_size_of_faces(tmp_path):
    shared = tmp_path / "shared"
    preprocessing = Preprocessing(size=32, detector="mediapipe").model_dump()
    save_bundle(shared, small_model(), preprocessing, LABELS, {"synthetic": False, "backbone": "resnet18"})
    found = settled(experiment(tmp_path, shared), tmp_path)
    assert (found.backbone, found.faces.size) == ("resnet18", 32)
    assert found.resolved()["backbone"] == "resnet18"
    stated = experiment(tmp_path, shared, "backbone: resnet18\nfaces: {size: 32}\n")
    assert settled(stated, tmp_path) is stated
    with pytest.raises(UserError, match=r"does not fit the faces of mine(.|\n)*32x32 pixels(.|\n)*faces.size: 48"):
        settled(experiment(tmp_path, shared, "faces: {size: 48}\n"), tmp_path)
    with pytest.raises(UserError, match=r"decides over the backbone(.|\n)*vgg16; the source is a resnet18"):
        settled(experiment(tmp_path, shared, "backbone: vgg16\n"), tmp_path)


def test_a_source_that_is_trained_decides_over_the_backbone_too(tmp_path):
    folder = write_small_study(tmp_path / "experiments").parent
    path = folder / "small-biovid.yaml"
    path.write_text(path.read_text().replace("backbone: squeezenet", "") + "backbone: resnet18\n")
    assert settled(experiment(folder, "small-biovid"), folder).backbone == "resnet18"
    assert settled(experiment(folder, "untrained"), folder).backbone == "vgg16"
    with pytest.raises(UserError, match="was not found"):
        settled(experiment(folder, "nothing"), folder)
