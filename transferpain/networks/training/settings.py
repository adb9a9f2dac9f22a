"""How a network is trained, as an experiment file states it."""

import math
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from transferpain.core.contracts import LabelMode
from transferpain.networks.outputs.registry import DEFAULT as DEFAULT_LOSS
from transferpain.networks.outputs.registry import OUTPUTS


class OptimizerSettings(BaseModel):
    """A Keras optimiser; what is not listed here (`rho`, `epsilon`, betas) keeps Keras' default.

    Attributes:
        name: which one.
        learning_rate: at the beginning; the schedule may change it.
        momentum, nesterov: of `sgd` alone.
        weight_decay: of the decoupled kind of Keras; biases and batch normalisation are spared. `adamw` needs one.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["adam", "adamw", "adadelta", "sgd"] = "adam"
    learning_rate: float = Field(default=1e-4, gt=0)
    momentum: float = Field(default=0.0, ge=0, lt=1)
    nesterov: bool = False
    weight_decay: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _options_fit_the_optimizer(self):
        if self.name != "sgd" and (self.momentum or self.nesterov):
            raise ValueError(f"momentum and nesterov are for sgd only, not for {self.name}")
        if self.name == "adamw" and not self.weight_decay:
            raise ValueError("adamw needs a weight_decay above 0; without one it is adam")
        return self


class ScheduleSettings(BaseModel):
    """The learning rate over time.

    Attributes:
        name: constant, a linear warm-up and a cosine decay to zero, or steps.
        warmup_epochs: of `cosine`.
        at: of `step`: after each of these numbers of epochs the rate is multiplied by `factor`.
        factor: of `step` (Hosseini: x0.2 after 60 and 120).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["constant", "cosine", "step"] = "constant"
    warmup_epochs: float = Field(default=0.0, ge=0)
    at: tuple[float, ...] = ()
    factor: float = Field(default=0.2, gt=0, lt=1)

    @model_validator(mode="after")
    def _options_fit_the_schedule(self):
        if self.name != "cosine" and self.warmup_epochs:
            raise ValueError("warmup_epochs is for the cosine schedule only")
        if (self.name == "step") != bool(self.at):
            raise ValueError("`at` goes with the step schedule, and only with it: after which epochs the rate falls")
        if any(epoch <= 0 for epoch in self.at) or list(self.at) != sorted(set(self.at)):
            raise ValueError(f"`at` are epochs above 0, each later than the one before; received {list(self.at)}")
        return self


class AugmentSettings(BaseModel):
    """Random changes of a training image; all zero means none.

    Attributes:
        flip: the probability of a mirror image.
        rotation: the largest angle in degrees.
        shift: the largest translation as a share of the side.
        zoom: the largest relative change of scale.
        brightness: the largest relative change of all values.
        elastic: the standard deviation, as a share of the side, of a smooth field that each pixel is shifted by (after
            Simard et al., ICDAR 2003).
        grid: the largest shift of the nodes of a coarse grid, as a share of their distance, between which the picture
            is stretched.
        mixup: alpha of the mixup of two images and their targets, with a share from Beta(alpha, alpha) (Zhang et al.,
            ICLR 2018).
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    flip: float = Field(default=0.0, ge=0, le=1)
    rotation: float = Field(default=0.0, ge=0, le=180)
    shift: float = Field(default=0.0, ge=0, lt=1)
    zoom: float = Field(default=0.0, ge=0, lt=1)
    brightness: float = Field(default=0.0, ge=0, lt=1)
    # Stronger ones would fold the picture over itself.
    elastic: float = Field(default=0.0, ge=0, le=0.01)
    grid: float = Field(default=0.0, ge=0, le=0.25)
    mixup: float = Field(default=0.0, ge=0, le=1)


class TrainingSettings(BaseModel):
    """Everything that `fit` needs to know beside the model and the data.

    Attributes:
        optimizer: how weights follow gradients.
        schedule: the learning rate over time.
        augment: how training pictures are changed at random.
        batch: rows a step.
        epochs: how often all training rows are seen, at most; see `epoch_steps`.
        patience: epochs without a lower loss on the selection part before training stops; the weights of the best epoch
            are restored then. Without it all epochs are run and the last weights are kept.
        epoch_steps: for little data, where a handful of steps sees all rows: an epoch is then as many passes over them
            as take so many steps at least, and whatever is counted in epochs (`epochs`, `patience`, the schedule,
            phases) counts these. A note on the screen says how many passes, and the report that it was asked for.
        ema: the momentum of an exponential moving average of the weights, which is what is validated and kept.
        kernel_l2: the coupled kind of weight decay, for image networks: kernel_l2 * sum(w^2) over the trained kernels
            is part of both losses, so that each gradient gets 2 * kernel_l2 * w; biases and batch normalisation are
            spared.
        class_weights: whether each class counts as much as any other, however rare it is.
        label_mode: FER+ alone: how the votes of training rows become labels.
        loss: what a network ends in and learns by: `cross_entropy` of classes; for ordered levels also `mse` or `huber`
            of one number, and the ordinal outputs `corn` and `cumulative_link`.
        dtype: what the network computes in; `auto` takes bfloat16 where the machine is fast at it.
        tensorboard: whether losses are also written for TensorBoard.
        checkpoint_seconds: so many pass at least between two checkpoints, and so much work at most is done again,
            beside the epoch that was begun, after an interruption; 0 writes one after every epoch.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    optimizer: OptimizerSettings = OptimizerSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    augment: AugmentSettings = AugmentSettings()
    batch: int = Field(default=32, ge=1)
    epochs: int = Field(default=100, ge=1)
    patience: int | None = Field(default=5, ge=1)
    # Left out of what names a run unless it is used, so that runs from before it was there keep their names.
    epoch_steps: int | None = Field(default=None, ge=1, exclude_if=lambda value: value is None)
    ema: float | None = Field(default=None, gt=0, lt=1)
    kernel_l2: float = Field(default=0.0, ge=0)
    class_weights: bool = False
    label_mode: LabelMode = "majority"
    loss: OUTPUTS.name_type = Field(default=DEFAULT_LOSS, exclude_if=lambda value: value == DEFAULT_LOSS)
    dtype: Literal["auto", "float32", "mixed_bfloat16"] = "auto"
    tensorboard: bool = False
    # No number depends on it: named only where it is set.
    checkpoint_seconds: float = Field(default=20.0, ge=0, exclude_if=lambda value: value == 20.0)

    @model_validator(mode="after")
    def _warmup_is_shorter_than_training(self):
        if self.schedule.warmup_epochs >= self.epochs:
            raise ValueError("schedule.warmup_epochs must be smaller than epochs")
        return self

    @model_validator(mode="after")
    def _labels_are_classes(self):
        if self.loss != DEFAULT_LOSS and self.label_mode != "majority":
            raise ValueError(f"loss: with label_mode `{self.label_mode}` only `{DEFAULT_LOSS}`, received `{self.loss}`")
        return self

    def passes(self, steps: int) -> int:
        """Return how often an epoch sees all training rows if that takes so many steps: once, unless `epoch_steps` says
        otherwise.
        """
        return 1 if self.epoch_steps is None else max(1, math.ceil(self.epoch_steps / steps))

    def with_epochs(self, epochs: int) -> "TrainingSettings":
        """Return the settings with another number of epochs, and all else that is counted in epochs in proportion."""
        share = epochs / self.epochs
        changes = {"warmup_epochs": self.schedule.warmup_epochs * share}
        changes["at"] = tuple(epoch * share for epoch in self.schedule.at)
        return self.model_copy(
            update={
                "epochs": epochs,
                "patience": self.patience and math.ceil(self.patience * share),
                "schedule": self.schedule.model_copy(update=changes),
            }
        )
