"""All assets that the toolkit knows, with their states on this machine: those of core, and the weights of backbones."""

from dataclasses import dataclass
from typing import Literal

from transferpain.core.assets.asset import Asset, find_asset
from transferpain.core.assets.fetch import ways_to_get
from transferpain.core.assets.registry import ASSETS
from transferpain.core.errors import UserError
from transferpain.core.registry import Registry
from transferpain.networks.backbones.registry import BACKBONES

_ALL = [*ASSETS.values(), *(backbone.imagenet.asset for backbone in BACKBONES.values() if backbone.imagenet)]
ALL_ASSETS = Registry("asset", _ALL, {asset.file: asset.name for asset in _ALL})


@dataclass(frozen=True)
class AssetState:
    """How an asset stands on this machine.

    Attributes:
        asset: which one.
        state: `here`, `missing`, or `other bytes` where only such files are.
        where: the path, or what is wrong with the files that were met.
    """

    asset: Asset
    state: Literal["here", "missing", "other bytes"]
    where: str

    @property
    def fault(self) -> bool:
        """Whether something is to be done about it: one that is not required may be missing."""
        return self.state == "other bytes" or (self.state == "missing" and self.asset.required)


def state_of(asset: Asset) -> AssetState:
    """Look for an asset on this machine; nothing is downloaded."""
    search = find_asset(asset)
    if search.path is not None:
        return AssetState(asset, "here", str(search.path))
    return AssetState(asset, "other bytes" if search.refused else "missing", "; ".join(search.refused))


def verify(assets: list[Asset]) -> list[AssetState]:
    """Return the states of assets.

    Raises:
        UserError: if a required one is missing, or one is there with other bytes only.
    """
    states = [state_of(asset) for asset in assets]
    faulty = [state for state in states if state.fault]
    if faulty:
        ways = [f"{state.asset.name}: transferpain assets fetch {state.asset.name}" for state in faulty]
        raise UserError(
            "Files that others publish are missing, or are not those that were published.",
            rule="Required ones are on this machine, and all have exactly the bytes that were published.",
            received="; ".join(f"{state.asset.name}: {state.where or state.state}" for state in faulty),
            todo="Remove files of other bytes, then get the right ones:\n"
            + "\n".join(f"{way}\n{ways_to_get(state.asset)}" for way, state in zip(ways, faulty, strict=True)),
        )
    return states
