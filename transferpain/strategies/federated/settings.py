"""The keys of the strategy `federated`."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator

SUBJECT = "subject"
# What samples are called and hold, of which nobody is the owner of several clips.
NO_CLIENTS = frozenset(
    {"clip", "file_clip", "frame", "row", "y", "features", "rate", "stretch_rows", "sampling", "times"}
)


class FederatedSettings(BaseModel):
    """How clients train together. Rounds are what `training.epochs` and `training.patience` count.

    Attributes:
        client: whose clips stay together: `subject`, or another column of the index, such as a `site` that the
            `index.csv` of own data states.
        local_epochs: how often a client goes over its own rows in a round (E of McMahan et al., AISTATS 2017).
        share: of the clients that take part in a round, drawn anew for each (C of McMahan et al.); one at least.
        personal: with `last_layer` each client keeps a last layer of its own, and all layers before it are averaged
            (FedPer, Arivazhagan et al. 2019).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    client: str = Field(SUBJECT, min_length=1)
    local_epochs: int = Field(1, ge=1)
    share: float = Field(1.0, gt=0, le=1)
    personal: Literal["none", "last_layer"] = "none"

    @field_validator("client")
    @classmethod
    def _owns_several_clips(cls, client: str) -> str:
        if client in NO_CLIENTS:
            raise ValueError(f"a client has several clips, which `{client}` tells apart or says the content of")
        return client


class FederatedKeys(BaseModel):
    """The keys of the strategy `federated`.

    Attributes:
        federated: how clients train together; `{}` takes every default. The strategy needs it.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    # Named only where it is set: runs of other strategies keep their names.
    federated: FederatedSettings | None = Field(None, exclude_if=lambda value: value is None)
