"""The keys of the strategy `clip_network`."""

from functools import reduce
from operator import or_
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

from transferpain.networks.clips.registry import CLIP_NETWORKS

NetworkSettings = Annotated[
    reduce(or_, (network.Settings for network in CLIP_NETWORKS.values())), Field(discriminator="kind")
]


class ClipNetworkKeys(BaseModel):
    """The keys of the strategy `clip_network`.

    Attributes:
        network: what reads the window of a clip's faces; `kind` names it. The strategy needs one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Named only where it is set: runs of other strategies keep their names.
    network: NetworkSettings | None = Field(None, exclude_if=lambda value: value is None)
