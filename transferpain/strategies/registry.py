"""The strategies, by name; in files of schema 1 three of them have other names."""

from transferpain.core.registry import Registry
from transferpain.strategies.base import Strategy
from transferpain.strategies.clip_network.strategy import CLIP_NETWORK
from transferpain.strategies.ensemble.strategy import ENSEMBLE
from transferpain.strategies.federated.strategy import FEDERATED
from transferpain.strategies.fine_tuning.strategies import FULL_FINE_TUNING, GRADUAL_UNFREEZING, LAST_LAYER
from transferpain.strategies.frozen.strategy import FROZEN
from transferpain.strategies.fused.strategy import FUSED
from transferpain.strategies.hybrid.strategy import HYBRID

STRATEGIES: Registry[Strategy] = Registry(
    "strategy",
    [
        FROZEN,
        LAST_LAYER,
        GRADUAL_UNFREEZING,
        FULL_FINE_TUNING,
        HYBRID,
        FUSED,
        CLIP_NETWORK,
        ENSEMBLE,
        FEDERATED,
    ],
    aliases={"head": "last_layer", "progressive": "gradual_unfreezing", "full": "full_fine_tuning"},
)
