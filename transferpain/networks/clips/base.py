"""What a clip network is: a network that reads a whole window of faces, and answers once for it.

A clip network is one module in this folder: its settings, what it costs, and how it is built. It is listed in
`registry.py`. Keras is imported inside functions, so that experiment files are checked without it.
"""

from typing import TYPE_CHECKING, Literal, Protocol

from pydantic import BaseModel, ConfigDict, Field

if TYPE_CHECKING:
    import keras

# Pixels of a window of 16 pictures of 224x224: beyond, a network is over the bounds of what a bundle may hold.
MOST_PIXELS = 16 * 224 * 224


class ClipNetworkSettings(BaseModel):
    """Base of the settings of every clip network, which add `kind: Literal["<name>"]`; an unknown key is an error.

    Attributes:
        kind: names the network.
        frames: length of the window, T, spread evenly over the stretch that is read of a clip.
        order: `time`, or `shuffled`: each window is read in an order of its own, drawn once. What a network loses by
            it is what it reads in the order of frames, and not in the frames alone.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: str
    frames: int = Field(16, ge=2, le=64)
    order: Literal["time", "shuffled"] = "time"


class ClipNetwork(Protocol):
    """A clip network: an un-nested functional model of core Keras layers.

    Its input is `images`, `(batch, T, size, size, 3)`, already scaled; it ends in `logits` and a float32 softmax
    `probabilities`. The names of layers stay: the seeds of the initial weights go by them.

    Attributes:
        name: its `kind` in an experiment file.
        title: as in texts.
        Settings: what an experiment file may say of it.
        layers: the Keras classes that it is made of; the guard of shared models lets them through.
        normalizes: whether it has batch normalisation.
    """

    name: str
    title: str
    Settings: type[ClipNetworkSettings]
    layers: frozenset[str]
    normalizes: bool

    def check(self, settings: ClipNetworkSettings, size: int) -> None:
        """Refuse pictures of a size that it cannot read. Raises `ValueError` that names the key."""

    def cost(self, settings: ClipNetworkSettings, size: int) -> int:
        """Return the multiply-adds of one window of pictures of `size` x `size` pixels, without the output's."""

    def build(self, settings: ClipNetworkSettings, size: int, classes: int, seed: int) -> "keras.Model":
        """Build the network with random weights, each layer's drawn from the seed and its name.

        Returns:
            A model from float32 `(batch, T, size, size, 3)` to probabilities, float32 `(batch, classes)`.
        """


def check_pixels(settings: ClipNetworkSettings, size: int) -> None:
    """Refuse a window of more pixels than a network that can be kept reads. Raises `ValueError`."""
    if settings.frames * size * size > MOST_PIXELS:
        raise ValueError(
            f"network.frames: {settings.frames} frames of {size}x{size} pixels are more than the "
            f"{MOST_PIXELS} pixels of 16 frames of 224x224; take fewer frames, or a smaller faces.size"
        )
