"""What the source of an experiment is, by facts that are known without TensorFlow; its model loads on demand."""

import os
from dataclasses import dataclass
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.quiet import import_tensorflow
from transferpain.core.store import fingerprint, read_json
from transferpain.models.bundles.manifest import check_digest, load_manifest
from transferpain.models.sources.preprocessing import Preprocessing

EMBEDDING_SIZE = 1024
# The same untrained network for every head seed: what is compared is the features, not luck with one network.
UNTRAINED_SEED = 0
BUILT = ("untrained", "imagenet")
IMAGENET_FILE = "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5"


@dataclass(frozen=True)
class Origin:
    """A source by its facts.

    Attributes:
        name: `untrained`, `imagenet`, or the name of the experiment or folder.
        hash: names the source in a run's hash: the bundle's manifest hash, or the hash of how it is built.
        weights_hash: names the weights in the keys of features.
        backbone: `vgg16` or `resnet18`.
        preprocessing: from a face crop to the network's input.
        synthetic: whether drawn faces took part in its training, here or in a parent.
        folder: the bundle's folder; `None` for a network that is built, not loaded.
    """

    name: str
    hash: str
    weights_hash: str
    backbone: str
    preprocessing: Preprocessing
    synthetic: bool
    folder: Path | None

    @property
    def embedding_size(self) -> int:
        """Features of an image, D."""
        return EMBEDDING_SIZE

    def load(self):
        """Build or read the source. Returns a `Source`."""
        import_tensorflow()
        from transferpain.models.sources.source import imagenet_source, load_source, untrained_source

        if self.folder is not None:
            return load_source(self.folder)
        if self.name == "imagenet":
            return imagenet_source(self.preprocessing, UNTRAINED_SEED)
        return untrained_source(self.backbone, self.preprocessing, UNTRAINED_SEED)

    def load_embedder(self, compute_dtype: str):
        """Return the Keras model from face crops `(batch, size, size, 3)` to `(batch, D)` float32."""
        source = self.load()
        from transferpain.models.sources.source import embedder

        return embedder(source, compute_dtype)


def imagenet_file() -> Path:
    """Return where Keras keeps, and looks for, ImageNet's weights of VGG16."""
    return Path(os.environ.get("KERAS_HOME", Path.home() / ".keras")) / "models" / IMAGENET_FILE


def first_there(names: list[str]) -> str:
    """Return the first of several sources that can be used here: `imagenet` cannot where its file is not there.

    Raises:
        ValueError: if none can.
    """
    for name in names:
        if name != "imagenet" or imagenet_file().is_file():
            return name
    raise ValueError(f"none of {names} is on this machine; Keras looks for {imagenet_file()}")


def built_origin(name: str, backbone: str, preprocessing: Preprocessing) -> Origin:
    """Describe a network that is built on the spot: `untrained`, or `imagenet` from Keras' weights.

    Raises:
        UserError: if ImageNet weights are asked for another backbone than VGG16.
    """
    if name == "imagenet" and backbone != "vgg16":
        raise UserError(
            "ImageNet weights are there for VGG16 only.",
            rule="Keras has none for ResNet-18.",
            received=f"backbone: {backbone}",
            todo="Use backbone: vgg16, or source: untrained.",
        )
    digest = fingerprint([name, backbone, preprocessing.canonical, UNTRAINED_SEED])
    return Origin(name, digest, digest, backbone, preprocessing, synthetic=False, folder=None)


def bundle_origin(name: str, folder: Path, digest: str | None = None) -> Origin:
    """Describe a bundle from its manifest, without loading its model.

    Args:
        digest: the only bundle that may be used; `None` takes any.

    Raises:
        UserError: if the folder is not the bundle of an image model, or not the one that is pinned.
    """
    manifest = load_manifest(folder)
    try:
        return Origin(
            name=name,
            hash=check_digest(folder, digest),
            weights_hash=manifest["weights_hash"],
            backbone=manifest["backbone"],
            preprocessing=Preprocessing(**read_json(folder / "preprocess.json")),
            synthetic=manifest["synthetic"],
            folder=folder,
        )
    except (OSError, KeyError, ValueError, TypeError) as error:
        raise UserError(
            f"The source {name} is not a shared image model.",
            rule="Its manifest names the backbone, and its preprocess.json how faces are prepared.",
            received=f"{folder} ({error})",
            todo="Name another folder, or an experiment that trains a source.",
        ) from error
