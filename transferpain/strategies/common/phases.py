"""What learns when: the phases of the strategies `head`, `progressive` and `full`, and of `fused`.

Blocks are named by the first part of their layers' names: `stage4` is `stage4_block1_1_conv` and all its like.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from transferpain.networks.training.settings import TrainingSettings
from transferpain.strategies.common.settings import PhaseSettings

# From the output down; a phase trains its own blocks and those of the phases before it.
PROGRESSION = {
    "resnet18": {
        "head": ("logits", "embedding"),
        "stage4": ("stage4",),
        "stage3": ("stage3",),
        "stage2": ("stage2",),
        "stage1": ("stage1", "stem"),
    },
    "vgg16": {
        "head": ("logits", "embedding"),
        "block5": ("block5",),
        "block4": ("block4",),
        "block3": ("block3",),
        "block2": ("block2",),
        "block1": ("block1",),
    },
}
LAST_LAYER = ("logits",)
# El-Ghaish: each branch alone, then both fused. That VGG16 is frozen before, and that its last block learns at the end
# with all the rest, is our choice.
BRANCHES = {"images": ("squeeze", "excite", "image"), "landmarks": ("landmark",)}
FUSED = ("block5", "fusion", "embedding")
WHOLE = "whole"
# Lower layers are more general and need smaller steps (our choice; Hosseini states no rate for each phase).
FALL = 0.5


@dataclass(frozen=True)
class Phase:
    """A stretch of training in which some blocks learn and all others stay as they are.

    Attributes:
        name: as in `history.csv`: a block of `PROGRESSION`, `head` or `full`; of `fused` a branch or `whole`.
        blocks: the blocks that learn.
        training: how they learn.
    """

    name: str
    blocks: tuple[str, ...]
    training: TrainingSettings

    def trains(self, layer: str) -> bool:
        """Tell whether the layer of this name learns."""
        return layer.split("_")[0] in self.blocks


def phase_names(backbone: str) -> tuple[str, ...]:
    """Return the phases of `progressive` in their order."""
    return tuple(PROGRESSION[backbone])


def make_phases(
    strategy: str,
    backbone: str,
    training: TrainingSettings,
    changes: Mapping[str, PhaseSettings],
    up_to: str | None,
) -> tuple[Phase, ...]:
    """Return the phases of a strategy, in their order.

    `head` trains the last dense layer alone (Hosseini, method section), `full` every layer, each in one phase as
    `training` says. `progressive` shares out the epochs of `training` evenly, so that the strategies have one budget;
    the learning rate is halved from phase to phase, and the schedule is squeezed into each phase (our choices).

    Args:
        strategy: `head`, `progressive` or `full`.
        backbone: `resnet18` or `vgg16`.
        training: of the experiment.
        changes: for phases of `progressive`, by name: what is not derived.
        up_to: the last phase of `progressive`; `None` goes down to the first layer.
    """
    blocks = PROGRESSION[backbone]
    if strategy == "head":
        return (Phase("head", LAST_LAYER, training),)
    if strategy == "full":
        return (Phase("full", sum(blocks.values(), ()), training),)
    names = phase_names(backbone)
    names = names if up_to is None else names[: names.index(up_to) + 1]
    phases, learning = [], ()
    for number, name in enumerate(names):
        learning += blocks[name]
        epochs = max(1, training.epochs // len(names) + (number < training.epochs % len(names)))
        rate = training.optimizer.learning_rate * FALL**number
        change = changes.get(name, PhaseSettings())
        settings = _changed(training, change.learning_rate or rate, change.epochs or epochs, change.patience)
        phases.append(Phase(name, learning, settings))
    return tuple(phases)


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
        phases.append(Phase(name, learning, _changed(training, rate, epochs, change.patience)))
    return tuple(phases)


def _changed(training: TrainingSettings, rate: float, epochs: int, patience: int | None) -> TrainingSettings:
    share = epochs / training.epochs
    schedule = training.schedule.model_copy(
        update={
            "warmup_epochs": training.schedule.warmup_epochs * share,
            "at": tuple(epoch * share for epoch in training.schedule.at),
        }
    )
    return training.model_copy(
        update={
            "optimizer": training.optimizer.model_copy(update={"learning_rate": rate}),
            "schedule": schedule,
            "epochs": epochs,
            "patience": patience or training.patience,
        }
    )
