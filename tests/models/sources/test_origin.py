"""A source by its facts, known without loading its model."""

import hashlib
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.models.bundles.bundles import save_small, vouch_again
from transferpain.core.errors import UserError
from transferpain.core.store import fingerprint
from transferpain.models.bundles.bundle import save_bundle
from transferpain.models.bundles.manifest import facts_of, load_manifest, write_manifest
from transferpain.models.sources.origin import UNTRAINED, built_origin, bundle_origin, first_there, seed_of
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.vgg16 import VGG16, build_vgg16_gap

SMALL = Preprocessing(size=32)


@pytest.fixture(scope="module")
def saved(tmp_path_factory) -> tuple[Path, str]:
    """A bundle whose embedding is narrower than that of its backbone, and its digest; no test changes it."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    facts = {"synthetic": True, "backbone": "vgg16"}
    model = build_vgg16_gap(32, 2, embedding=8)
    return folder, save_bundle(folder, model, SMALL.model_dump(), ("no", "yes"), facts)


def test_an_untrained_origin_is_named_by_how_it_is_built():
    one = built_origin("untrained", "vgg16", SMALL)
    assert one == built_origin("untrained", "vgg16", SMALL)
    assert one.hash != built_origin("untrained", "resnet18", SMALL).hash
    assert one.hash != built_origin("untrained", "vgg16", Preprocessing(size=48)).hash
    assert not one.synthetic


def test_several_untrained_networks_have_names_of_their_own_and_the_first_keeps_its_name():
    origins = [built_origin(name, "resnet18", SMALL) for name in UNTRAINED]
    assert len({one.hash for one in origins}) == len({one.weights_hash for one in origins}) == 3
    assert [seed_of(one.name) for one in origins] == [0, 1, 2]
    digest = fingerprint(["untrained", "resnet18", SMALL.canonical, 0])
    assert origins[0].hash == digest


@pytest.mark.slow
def test_several_untrained_networks_have_weights_of_their_own():
    weights = [built_origin(name, "resnet18", SMALL).load().model.get_weights()[0] for name in UNTRAINED]
    assert not any((weights[0] == other).all() for other in weights[1:])


def test_pictures_that_are_too_small_for_the_backbone_are_refused_before_it_is_built():
    with pytest.raises(UserError, match="at least 32x32"):
        built_origin("untrained", "resnet18", Preprocessing(size=31))


def test_imagenet_weights_are_there_for_some_backbones_only():
    with pytest.raises(UserError, match=r"there for VGG16, .* only"):
        built_origin("imagenet", "resnet18", SMALL)


def test_a_bundle_is_known_by_its_manifest(saved):
    folder, digest = saved
    origin = bundle_origin("mine", folder)
    assert origin.hash == digest
    assert origin.synthetic
    assert origin.preprocessing == SMALL


@pytest.mark.slow
def test_what_a_bundle_holds_is_what_its_manifest_says(saved):
    origin = bundle_origin("mine", saved[0])
    embedder = origin.load_embedder("float32")
    assert embedder.output_shape == (None, origin.embedding_size)
    assert origin.load().weights_hash == origin.weights_hash


@pytest.mark.parametrize("files", [{}, {"manifest.json": "{"}, {"manifest.json": "{}", "preprocess.json": "{}"}])
def test_a_folder_that_is_no_bundle_is_refused(tmp_path, files):
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    with pytest.raises(UserError, match="is not a bundle"):
        bundle_origin("mine", tmp_path)


def test_the_bundle_of_a_head_is_no_origin(tmp_path):
    with pytest.raises(UserError, match="not a shared image model"):
        bundle_origin("mine", save_small(tmp_path / "head"))


def test_a_pinned_digest_admits_one_bundle_only(saved):
    folder, digest = saved
    assert bundle_origin("mine", folder, digest).hash == digest
    with pytest.raises(UserError, match="another bundle than the one that is asked for"):
        bundle_origin("mine", folder, "0" * 64)


def rewrite_manifest(folder: Path, change: Callable[[dict], object]) -> None:
    """Change the facts of a bundle's manifest, which vouches for the rest as before."""
    facts = facts_of(load_manifest(folder))
    change(facts)
    write_manifest(folder, facts)


@pytest.fixture
def narrow(saved, tmp_path) -> Path:
    """A copy of the bundle whose manifest a test may change."""
    return shutil.copytree(saved[0], tmp_path / "model")


def test_a_bundle_that_takes_the_place_of_another_is_not_loaded_for_it(saved, tmp_path):
    folder = shutil.copytree(saved[0], tmp_path / "model")
    origin = bundle_origin("mine", folder)
    vouch_again(folder, experiment="another")
    with pytest.raises(UserError, match="is another bundle than the one that is asked for"):
        origin.load()


def test_preprocessing_that_is_not_what_was_saved_is_not_believed(saved, tmp_path):
    folder = shutil.copytree(saved[0], tmp_path / "model")
    (folder / "preprocess.json").write_text((folder / "preprocess.json").read_text().replace("unit", "caffe"))
    with pytest.raises(UserError, match=r"preprocess\.json is not the file that was saved"):
        bundle_origin("mine", folder)


def test_the_size_of_the_embedding_is_what_the_manifest_states(narrow):
    origin = bundle_origin("mine", narrow)
    assert origin.embedding_size == origin.load().dimension == 8


def test_a_bundle_that_states_no_size_has_that_of_its_backbone(narrow):
    rewrite_manifest(narrow, lambda facts: facts.pop("embedding_size"))
    origin = bundle_origin("mine", narrow)
    assert origin.embedding_size == VGG16.width
    with pytest.raises(UserError, match=r"not what its manifest says[\s\S]*1024 features[\s\S]*Received: 8"):
        origin.load()


@pytest.mark.parametrize("size", [0, -1, "8", 8.0, [8]])
def test_a_size_that_is_no_number_of_features_is_refused(narrow, size):
    rewrite_manifest(narrow, lambda facts: facts.update(embedding_size=size))
    with pytest.raises(UserError, match="`embedding_size` is wrong"):
        bundle_origin("mine", narrow)


@pytest.mark.parametrize("backbone", ["lenet", None, ["vgg16"]])
def test_a_bundle_of_an_unknown_backbone_is_no_origin(narrow, backbone):
    rewrite_manifest(narrow, lambda facts: facts.update(backbone=backbone))
    with pytest.raises(UserError, match="not a shared image model"):
        bundle_origin("mine", narrow)


def test_imagenet_is_there_for_a_backbone_whose_file_is(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("TRANSFERPAIN_ASSETS", str(tmp_path / "assets"))
    with pytest.raises(ValueError, match=r"`transferpain assets fetch imagenet-vgg16`"):
        first_there(["imagenet"], VGG16.imagenet)
    assert first_there(["imagenet", "untrained"], VGG16.imagenet) == "untrained"
    content = b"weights"
    facts = {"bytes": len(content), "digest": hashlib.md5(content).hexdigest()}
    known = replace(VGG16.imagenet, asset=replace(VGG16.imagenet.asset, **facts))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / known.asset.file).write_bytes(content)
    assert first_there(["imagenet", "untrained"], known) == "imagenet"
    assert first_there(["imagenet", "untrained"], None) == "untrained"
    with pytest.raises(ValueError, match="the backbone has none"):
        first_there(["imagenet"], None)


def test_another_file_in_the_place_of_imagenet_is_named_and_not_passed_over(tmp_path, monkeypatch):
    monkeypatch.setenv("KERAS_HOME", str(tmp_path))
    monkeypatch.setenv("TRANSFERPAIN_ASSETS", str(tmp_path / "assets"))
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / VGG16.imagenet.asset.file).touch()
    with pytest.raises(UserError, match=r"imagenet-vgg16 is not the one[\s\S]*has 0 bytes in place of 58,889,256"):
        first_there(["imagenet", "untrained"], VGG16.imagenet)


def test_without_a_home_keras_folder_is_no_place(monkeypatch):
    def nobody():
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("KERAS_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nobody)
    (place,) = [place for place in VGG16.imagenet.asset.places if "Keras" in place.title]
    assert place.path() is None
