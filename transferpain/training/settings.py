"""How a network is trained, as an experiment file states it."""

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

LabelMode = Literal["majority", "crossentropy", "probability", "multi_target"]


class OptimizerSettings(BaseModel):
    """A Keras optimiser; what is not listed here (`rho`, `epsilon`, betas) keeps Keras' default.

    `weight_decay` is the decoupled kind of Keras and spares biases and batch normalisation.
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
    """The learning rate over time: constant, or a linear warm-up and a cosine decay to zero."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Literal["constant", "cosine"] = "constant"
    warmup_epochs: float = Field(default=0.0, ge=0)

    @model_validator(mode="after")
    def _warmup_is_for_cosine(self):
        if self.name == "constant" and self.warmup_epochs:
            raise ValueError("warmup_epochs is for the cosine schedule only")
        return self


class AugmentSettings(BaseModel):
    """Random changes of a training image; all zero means none.

    `flip` is the probability of a mirror image, `rotation` the largest angle in degrees, `shift` the largest
    translation as a share of the side, `zoom` the largest relative change of scale.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    flip: float = Field(default=0.0, ge=0, le=1)
    rotation: float = Field(default=0.0, ge=0, le=180)
    shift: float = Field(default=0.0, ge=0, lt=1)
    zoom: float = Field(default=0.0, ge=0, lt=1)


class TrainingSettings(BaseModel):
    """Everything that `fit` needs to know beside the model and the data.

    `patience` counts epochs without a lower validation loss before training stops; the weights of the best epoch
    are restored then. Without it all epochs are run and the last weights are kept. `ema` is the momentum of an
    exponential moving average of the weights, which is what is validated and kept.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    optimizer: OptimizerSettings = OptimizerSettings()
    schedule: ScheduleSettings = ScheduleSettings()
    augment: AugmentSettings = AugmentSettings()
    batch: int = Field(default=32, ge=1)
    epochs: int = Field(default=100, ge=1)
    patience: int | None = Field(default=5, ge=1)
    ema: float | None = Field(default=None, gt=0, lt=1)
    class_weights: bool = False
    label_mode: LabelMode = "majority"
    dtype: Literal["auto", "float32", "mixed_bfloat16"] = "auto"
    tensorboard: bool = False

    @model_validator(mode="after")
    def _warmup_is_shorter_than_training(self):
        if self.schedule.warmup_epochs >= self.epochs:
            raise ValueError("schedule.warmup_epochs must be smaller than epochs")
        return self
