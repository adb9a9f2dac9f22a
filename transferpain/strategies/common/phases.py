"""What learns when: the phases in which a network is trained on pictures; a backbone states its blocks."""

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
        name: as in `history.csv`: a block of the backbone, `last_layer`, `whole`, or a branch.
        parts: first parts of the names of the layers that learn.
        training: how they learn.
    """

    name: str
    parts: tuple[str, ...]
    training: TrainingSettings

    def trains(self, layer: str) -> bool:
        """Tell whether the layer of this name learns."""
        return first_part(layer) in self.parts

    @property
    def is_last_layer(self) -> bool:
        """Whether nothing learns but the output."""
        return self.parts == LAST_LAYER


def last_layer(training: TrainingSettings) -> tuple[Phase, ...]:
    """Return the one phase in which the last dense layer learns alone (Hosseini, method section)."""
    return (Phase("last_layer", LAST_LAYER, training),)


def whole_network(backbone: str, training: TrainingSettings) -> tuple[Phase, ...]:
    """Return the one phase in which every layer learns."""
    return (Phase("whole", sum((block.parts for block in BACKBONES[backbone].blocks), ()), training),)


def phase_names(backbone: str) -> tuple[str, ...]:
    """Return the phases of gradual unfreezing in their order."""
    return tuple(block.name for block in BACKBONES[backbone].blocks)


def gradual_unfreezing(
    backbone: str, training: TrainingSettings, changes: Mapping[str, PhaseSettings], up_to: str | None
) -> tuple[Phase, ...]:
    """Return the phases that unfreeze a network block by block, from the output down.

    They share out the epochs of `training` evenly, so that all strategies have one budget; the learning rate is halved
    from phase to phase, and the schedule is squeezed into each phase (our choices).

    Args:
        backbone: its name in the registry.
        training: of the experiment.
        changes: phase -> what is not derived.
        up_to: the last phase; `None` goes down to the first layer.
    """
    blocks = {block.name: block.parts for block in BACKBONES[backbone].blocks}
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
    squeezed = training.with_epochs(epochs)
    return squeezed.model_copy(
        update={
            "optimizer": training.optimizer.model_copy(update={"learning_rate": rate}),
            "patience": patience or training.patience,
        }
    )
