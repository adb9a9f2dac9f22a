"""What the source of an experiment is, by facts that are known without TensorFlow; its model loads on demand."""

from dataclasses import dataclass
from pathlib import Path

from transferpain.core.assets.asset import is_here
from transferpain.core.errors import UserError
from transferpain.core.foreign import border, parse_json
from transferpain.core.quiet import import_tensorflow
from transferpain.core.store import fingerprint
from transferpain.core.synthetic_faces import faces_of, merge_faces
from transferpain.models.bundles.manifest import load_stated, read_listed, refuse_another
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.base import Weights
from transferpain.networks.backbones.registry import BACKBONES

# The same untrained network for every head seed: what is compared is the features, not luck with one network. How much
# there is of that luck is seen with several of them.
UNTRAINED = {"untrained": 0, "untrained-1": 1, "untrained-2": 2}
OWN_FEATURES = "own_features"  # stands for no network: features that were made elsewhere
NO_NETWORK = "no_network"  # features that an extractor makes of faces without one
FEATURES_ALONE = (OWN_FEATURES, NO_NETWORK)
FINISHED_RUNS = "finished_runs"  # stands for no network: answers of other runs
JOINED = "joined_sources"  # stands for several networks, whose embeddings are read side by side
WITHOUT_NETWORK = (*FEATURES_ALONE, FINISHED_RUNS, JOINED)
BUILT = (*UNTRAINED, "imagenet", *WITHOUT_NETWORK)


@dataclass(frozen=True)
class Origin:
    """A source by its facts.

    Attributes:
        name: of `BUILT`, or the name of the experiment or folder.
        hash: names the source in a run's hash: the bundle's manifest hash, or the hash of how it is built.
        weights_hash: names the weights in the keys of features.
        backbone: its name in the registry.
        embedding_size: features of an image, D.
        preprocessing: from a face crop to the network's input.
        synthetic: whether synthetic faces took part in its training, here or in a parent.
        folder: the bundle's folder; `None` for a network that is built, not loaded.
        parts: of joined sources each one; else empty.
        synthetic_faces: what the synthetic faces are called.
    """

    name: str
    hash: str
    weights_hash: str
    backbone: str
    embedding_size: int
    preprocessing: Preprocessing
    synthetic: bool
    folder: Path | None
    parts: tuple["Origin", ...] = ()
    synthetic_faces: tuple[str, ...] = ()

    def load(self):
        """Build or read the source.

        Returns:
            A `Source`.

        Raises:
            UserError: if it cannot be built or read, or its embedding has another size than is stated.
        """
        if self.name in WITHOUT_NETWORK:
            raise UserError(
                "There is no single network behind this source.",
                rule="What is fitted reads features or answers that are there, and no more can be asked of them.",
                todo="Name a source that is a network.",
            )
        import_tensorflow()
        from transferpain.models.sources.source import imagenet_source, load_source, untrained_source

        if self.folder is not None:
            source = load_source(self.folder, self.hash)
            if source.dimension != self.embedding_size:
                raise UserError(
                    f"The source {self.name} is not what its manifest says.",
                    rule=f"Its embedding has {self.embedding_size} features.",
                    received=source.dimension,
                    todo="Get the bundle again.",
                )
            return source
        if self.name == "imagenet":
            return imagenet_source(self.backbone, self.preprocessing, seed_of(self.name))
        return untrained_source(self.backbone, self.preprocessing, seed_of(self.name))

    def load_embedder(self, compute_dtype: str):
        """Return the Keras model from face crops `(batch, size, size, 3)` to `(batch, D)` float32."""
        source = self.load()
        from transferpain.models.sources.source import embedder

        return embedder(source, compute_dtype)


def seed_of(name: str) -> int:
    """Return the seed of the weights that a built network draws: of `imagenet` those of its new layers."""
    return UNTRAINED.get(name, 0)


def first_there(names: list[str], weights: Weights | None) -> str:
    """Return the first of several sources that can be used here: `imagenet` cannot where its file is not there.

    Args:
        names: the sources.
        weights: ImageNet's for the backbone.

    Raises:
        ValueError: if none can.
        UserError: if ImageNet's file has other bytes than were published: another source would be taken for it.
    """
    for name in names:
        if name != "imagenet" or (weights is not None and is_here(weights.asset)):
            return name
    missing = (
        f"get its file with `transferpain assets fetch {weights.asset.name}`" if weights else "the backbone has none"
    )
    raise ValueError(f"none of {names} is on this machine; ImageNet's weights: {missing}")


def built_preprocessing(name: str, backbone: str, faces: FaceSettings, scaling: str) -> Preprocessing:
    """Return the preprocessing of a network that starts from nothing, or from `imagenet`, which fixes the scaling."""
    weights = BACKBONES.find(backbone).imagenet if name == "imagenet" else None
    return Preprocessing(
        size=faces.size,
        scaling=weights.scaling if weights else scaling,
        detector=faces.detector,
        margin=faces.resolved_margin,
    )


def built_origin(name: str, backbone: str, preprocessing: Preprocessing) -> Origin:
    """Describe a network that is built on the spot: one of `UNTRAINED`, or `imagenet` from Keras' weights.

    Raises:
        UserError: if ImageNet weights are asked for a backbone that has none, or its pictures are too small for it.
    """
    chosen = BACKBONES.find(backbone)
    chosen.check_size(preprocessing.size)
    if name == "imagenet" and chosen.imagenet is None:
        having = [known for known in BACKBONES.values() if known.imagenet]
        raise UserError(
            f"ImageNet weights are there for {', '.join(known.title for known in having)} only.",
            rule=f"Keras has none for {chosen.title}.",
            received=f"backbone: {backbone}",
            todo=f"Use backbone: {' or '.join(known.name for known in having)}, or source: untrained.",
        )
    digest = fingerprint([name, backbone, preprocessing.canonical, seed_of(name)])
    return Origin(name, digest, digest, backbone, chosen.width, preprocessing, synthetic=False, folder=None)


def joined_origin(parts: tuple[Origin, ...]) -> Origin:
    """Describe sources whose embeddings are read side by side; each scales a face as it wants.

    Raises:
        UserError: if they read faces of different sizes, or one of them stands twice.
    """
    sizes = {part.preprocessing.size for part in parts}
    if len(sizes) > 1 or len({part.hash for part in parts}) < len(parts):
        raise UserError(
            "These sources cannot be joined.",
            rule="They read faces of one size, and each stands once.",
            received=", ".join(f"{part.name} ({part.backbone}, {part.preprocessing.size} pixels)" for part in parts),
            todo="Name other sources, or set faces.size to that of a shared model.",
        )
    digest = fingerprint([JOINED, *(part.hash for part in parts)])
    return Origin(
        name=JOINED,
        hash=digest,
        weights_hash=digest,
        backbone=parts[0].backbone,
        embedding_size=sum(part.embedding_size for part in parts),
        preprocessing=parts[0].preprocessing,
        synthetic=any(part.synthetic for part in parts),
        folder=None,
        parts=parts,
        synthetic_faces=merge_faces(*(part.synthetic_faces for part in parts)),
    )


def bundle_origin(name: str, folder: Path, digest: str | None = None) -> Origin:
    """Describe a bundle from its manifest, without loading its model.

    Args:
        digest: the only bundle that may be used; `None` takes any.

    Raises:
        UserError: if the folder is not the bundle of an image model, or not the one that is pinned.
    """
    manifest, received = load_stated(folder)
    refuse_another(folder, received, digest)
    with border(
        f"The source {name} in {folder} is not a shared image model.",
        rule="Its manifest names the backbone, a known one, and its preprocess.json how faces are prepared.",
        todo="Name another folder, or an experiment that trains a source.",
    ):
        backbone = BACKBONES[str(manifest["backbone"])]
        return Origin(
            name=name,
            hash=received,
            weights_hash=manifest["weights_hash"],
            backbone=backbone.name,
            embedding_size=manifest.get("embedding_size") or backbone.width,
            preprocessing=Preprocessing(**parse_json(read_listed(folder, manifest, "preprocess.json"))),
            synthetic=manifest["synthetic"],
            folder=folder,
            synthetic_faces=faces_of(manifest),
        )
