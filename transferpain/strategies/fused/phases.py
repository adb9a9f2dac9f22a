"""What learns when in the strategy `fused`: each branch alone, then both (El-Ghaish)."""

from collections.abc import Mapping

from transferpain.networks.backbones.vgg16 import VGG16
from transferpain.networks.training.settings import TrainingSettings
from transferpain.strategies.common.phases import LAST_LAYER, Phase, changed_training
from transferpain.strategies.common.settings import PhaseSettings

BACKBONE = VGG16  # what the picture branch stands on
BRANCHES = {"images": ("squeeze", "excite", "image"), "landmarks": ("landmark",)}
# That VGG16 is frozen before, and that its last block learns at the end with all the rest, is our choice.
FUSED = ("block5", "fusion", "embedding")
WHOLE = "whole"


def fusion_phases(branches: str, training: TrainingSettings, changes: Mapping[str, PhaseSettings]) -> tuple[Phase, ...]:
    """Return the phases of `fused`: each branch alone, then the whole network, each for all epochs of `training`.

    A branch that stays alone has the same two phases as one that is fused, so that it is trained for as long.

    Args:
        branches: `both`, `images` or `landmarks`.
        training: of the experiment.
        changes: what a phase does its own way, by its name.
    """
    chosen = tuple(BRANCHES) if branches == "both" else (branches,)
    blocks = {name: (*BRANCHES[name], *LAST_LAYER) for name in chosen}
    blocks[WHOLE] = (*FUSED, *(block for name in chosen for block in BRANCHES[name]), *LAST_LAYER)
    phases = []
    for name, learning in blocks.items():
        change = changes.get(name, PhaseSettings())
        rate, epochs = change.learning_rate or training.optimizer.learning_rate, change.epochs or training.epochs
        phases.append(Phase(name, learning, changed_training(training, rate, epochs, change.patience)))
    return tuple(phases)
