"""Several sources whose embeddings a head reads side by side."""

from pydantic import BaseModel, ConfigDict, Field

from transferpain.networks.backbones.registry import BACKBONES
from transferpain.strategies.base import Recipe


class JoinedSource(BaseModel):
    """One of several sources whose embeddings are read side by side.

    Attributes:
        source: a network that is built (`untrained`, `untrained-1`, `untrained-2`, `imagenet`), or the folder of a
            shared model, with `#sha256=<digest>` where that is pinned.
        backbone: what it is.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: str = Field(min_length=1)
    backbone: BACKBONES.name_type


def check_joined(experiment: Recipe) -> None:
    """Refuse sources that cannot be joined. Raises `ValueError`."""
    if not experiment.joined:
        return
    if len(experiment.joined) < 2:
        raise ValueError(f"source: two sources or more are joined, received {len(experiment.joined)}")
    if not experiment.features.reads_source:
        raise ValueError(f"features.extractor: `{experiment.features.made_by}` reads no source, and several are joined")
