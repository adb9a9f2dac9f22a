"""A source by its facts, known without loading its model."""

import pytest

from tests.models.bundles.bundles import save_small
from transferpain.core.errors import UserError
from transferpain.models.bundles.bundle import save_bundle
from transferpain.models.sources.origin import built_origin, bundle_origin
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.vgg16 import build_vgg16_gap

SMALL = Preprocessing(size=32)


def test_an_untrained_origin_is_named_by_how_it_is_built():
    one = built_origin("untrained", "vgg16", SMALL)
    assert one == built_origin("untrained", "vgg16", SMALL)
    assert one.hash != built_origin("untrained", "resnet18", SMALL).hash
    assert one.hash != built_origin("untrained", "vgg16", Preprocessing(size=48)).hash
    assert not one.synthetic


def test_imagenet_weights_are_there_for_vgg16_only():
    with pytest.raises(UserError, match="VGG16 only"):
        built_origin("imagenet", "resnet18", SMALL)


def test_a_bundle_is_known_by_its_manifest(tmp_path):
    facts = {"synthetic": True, "backbone": "vgg16"}
    digest = save_bundle(tmp_path / "model", build_vgg16_gap(32, 2), SMALL.model_dump(), ("no", "yes"), facts)
    origin = bundle_origin("mine", tmp_path / "model")
    assert origin.hash == digest
    assert origin.synthetic
    assert origin.preprocessing == SMALL
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


def test_a_pinned_digest_admits_one_bundle_only(tmp_path):
    facts = {"synthetic": True, "backbone": "vgg16"}
    model = build_vgg16_gap(32, 2, embedding=8)
    digest = save_bundle(tmp_path / "model", model, SMALL.model_dump(), ("no", "yes"), facts)
    assert bundle_origin("mine", tmp_path / "model", digest).hash == digest
    with pytest.raises(UserError, match="another bundle than the one that is asked for"):
        bundle_origin("mine", tmp_path / "model", "0" * 64)
