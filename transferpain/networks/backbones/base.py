"""What a backbone is: a network that reads pictures of faces, by facts that are known without Keras."""

import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from transferpain.core.assets.asset import Asset, Place
from transferpain.core.errors import UserError

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True)
class Block:
    """Layers that are unfrozen together.

    Attributes:
        name: of the phase that begins to train them, as in `history.csv`.
        parts: first parts of their names: `stage4` is `stage4_block1_1_conv` and all its like.
    """

    name: str
    parts: tuple[str, ...]

    def holds(self, layer: str) -> bool:
        """Tell whether the layer of this name belongs to the block."""
        return first_part(layer) in self.parts


# Of the layer that a saved network begins with: it takes pixels, a backbone scaled pictures.
SCALING = "scaling"
# So begin the names of layers of an output whose weights are arithmetic, see `networks/outputs`: they never learn.
FIXED = "levels_"
IN_FLOAT32 = (SCALING, "probabilities", FIXED)  # whatever the other layers compute in: bfloat16 keeps eight bits
# What stands on every backbone: the embedding and the output.
CLASSIFIER = Block("head", ("logits", "embedding"))


def blocks_of(*parts: tuple[str, ...]) -> tuple[Block, ...]:
    """Return the classifier and blocks below it, from the output down; each is named after its first part."""
    return (CLASSIFIER, *(Block(names[0], names) for names in parts))


@dataclass(frozen=True)
class Weights:
    """ImageNet weights of a backbone, as Keras publishes them.

    Attributes:
        asset: the file, and how it is known.
        scaling: of the pixels that they were trained on, as in `Preprocessing`.
        fill: copies the weights from the file into a network that was built, and returns it.
        licence: of the weights, in a sentence.
        citation: the paper to cite.
        page: where their owners are found.
    """

    asset: Asset
    scaling: str
    fill: Callable[["keras.Model", Path], "keras.Model"]
    licence: str
    citation: str
    page: str


def in_keras_folder(file: str) -> Place:
    """Return the place where Keras keeps a file of weights once it has downloaded it."""

    def path() -> Path | None:
        try:
            return Path(os.environ.get("KERAS_HOME") or Path.home() / ".keras") / "models" / file
        except RuntimeError:  # the user has no home
            return None

    return Place("Keras' folder of models", path)


KERAS_FILES = "https://storage.googleapis.com/tensorflow/keras-applications"


def keras_asset(backbone: str, title: str, address: str, size: int, digest: str, licence: str) -> Asset:
    """Return the file of ImageNet's weights of a network of keras.applications.

    Args:
        backbone: its name; the asset is named after it.
        title: as in texts.
        address: of the file.
        size: its bytes.
        digest: MD5, as it stands in Keras, which states nothing stronger.
        licence: SPDX name.
    """
    file = address.rpartition("/")[2]
    return Asset(
        name=f"imagenet-{backbone}",
        file=file,
        bytes=size,
        algorithm="md5",
        digest=digest,
        licence=licence,
        url=address,
        serves=f"the source imagenet of {title}",
        places=(in_keras_folder(file),),
    )


@dataclass(frozen=True)
class Backbone:
    """A network that reads pictures of faces.

    It is an un-nested functional model of core Keras layers: input `images`, `(batch, size, size, 3)`, already scaled;
    then its blocks, `gap`, `embedding` (ReLU), `logits`, and a float32 softmax `probabilities`. The names of layers
    stay: the seeds of the initial weights, the phases and the weights of shared models go by them.

    Attributes:
        name: as in experiment files.
        title: as in texts.
        min_size: side of the smallest pictures that it reads, in pixels.
        width: features of its embedding, D.
        channels: of its last maps, which `gap` averages.
        blocks: all its layers that have weights, from the output down.
        layers: the Keras classes that it is made of; the guard of shared models lets them through.
        cost: multiply-adds of the convolutions and of the embedding, for one picture of 224x224 pixels.
        slower: how many times as long a frame takes as its multiply-adds take VGG16, on a processor: few products in a
            step, as of depthwise convolutions, make little of it (`python -m benchmarks backbones`). For estimates.
        normalizes: whether it has batch normalisation.
        network: from size, classes and seed to the model; see `build`.
        imagenet: published weights to start from; `None` if there are none.
        step: the side of its pictures is a multiple of this.
        dropping: from a network to a copy of the same weights with the layers that serve training alone; `None` if
            there are none. No saved model has them.
    """

    name: str
    title: str
    min_size: int
    width: int
    channels: int
    blocks: tuple[Block, ...]
    layers: frozenset[str]
    cost: int
    normalizes: bool
    network: Callable[[int, int, int], "keras.Model"]
    imagenet: Weights | None = None
    step: int = 1
    slower: float = 1.0
    dropping: Callable[["keras.Model"], "keras.Model"] | None = None

    def for_training(self, model: "keras.Model") -> "keras.Model":
        """Return the network as it is trained: itself, or a copy with layers that serve training alone."""
        return model if self.dropping is None else self.dropping(model)

    def build(self, size: int, classes: int, seed: int = 0) -> "keras.Model":
        """Build the network with random weights.

        Args:
            size: side of the square pictures in pixels.
            classes: number of outputs.
            seed: seeds the initial weights, each layer by its name.

        Returns:
            A model from float32 `(batch, size, size, 3)` to probabilities, float32 `(batch, classes)`.

        Raises:
            UserError: as `check_size`.
        """
        self.check_size(size)
        return self.network(size, classes, seed)

    def check_size(self, size: int) -> None:
        """Refuse pictures that are smaller than `min_size`, and those whose side is no multiple of `step`.

        Raises:
            UserError: if they are.
        """
        if size < self.min_size:
            raise UserError(
                f"{self.title} cannot read pictures that are so small.",
                rule=f"They have at least {self.min_size}x{self.min_size} pixels.",
                received=f"{size}x{size}",
                todo="Enlarge the pictures, or take another backbone.",
            )
        if size % self.step:
            below = size // self.step * self.step
            raise UserError(
                f"{self.title} cannot read pictures of this size.",
                rule=f"Their side is a multiple of {self.step} pixels.",
                received=f"{size}x{size}",
                todo=f"Take pictures of {below} or {below + self.step} pixels, or another backbone.",
            )


def first_part(layer: str) -> str:
    """Return the part of a layer's name that says where it belongs: `block5` of `block5_conv3`."""
    return layer.split("_")[0]
