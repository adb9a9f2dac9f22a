"""What learns when: the phases of the strategies `head`, `progressive` and `full`; a backbone states its blocks."""

from collections.abc import Mapping
from dataclasses import dataclass

from transferpain.networks.backbones.base import first_part
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.training.settings import TrainingSettings
from transferpain.strategies.common.settings import PhaseSettings

LAST_LAYER = ("logits",)
# Lower layers are more general and need smaller steps (our choice; Hosseini states no rate for each phase).
FALL = 0.5


@dataclass(frozen=True)
class Phase:
    """A stretch of training in which some blocks learn and all others stay as they are.

    Attributes:
        name: as in `history.csv`: a block of the backbone, `head` or `full`; of `fused` a branch or `whole`.
        parts: first parts of the names of the layers that learn.
        training: how they learn.
    """

    name: str
    parts: tuple[str, ...]
    training: TrainingSettings

    def trains(self, layer: str) -> bool:
        """Tell whether the layer of this name learns."""
        return first_part(layer) in self.parts


def phase_names(backbone: str) -> tuple[str, ...]:
    """Return the phases of `progressive` in their order."""
    return tuple(block.name for block in BACKBONES[backbone].blocks)


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
        backbone: its name in the registry.
        training: of the experiment.
        changes: for phases of `progressive`, by name: what is not derived.
        up_to: the last phase of `progressive`; `None` goes down to the first layer.
    """
    blocks = {block.name: block.parts for block in BACKBONES[backbone].blocks}
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
        settings = changed_training(training, change.learning_rate or rate, change.epochs or epochs, change.patience)
        phases.append(Phase(name, learning, settings))
    return tuple(phases)


def changed_training(training: TrainingSettings, rate: float, epochs: int, patience: int | None) -> TrainingSettings:
    """Return `training` with what one phase does otherwise; the schedule is squeezed into the phase's epochs."""
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
