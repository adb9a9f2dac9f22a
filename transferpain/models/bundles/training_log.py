"""How a model came to be: `training.json`, the epochs of its training, and `recipes.json`, what else was tried.

Every run writes the first into its bundle; the second is added when a model is shipped. Older bundles have neither.
"""

from dataclasses import dataclass
from typing import TypeVar

import numpy as np
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from transferpain.core.errors import UserError
from transferpain.models.bundles.manifest import Contents

TRAINING = "training.json"
RECIPES = "recipes.json"
SHOWN_EPOCHS = 12

Content = TypeVar("Content", bound=BaseModel)


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)


class Epoch(_Strict):
    """One epoch; `phase` is empty where there are none, `learning_rate` that of the step that would come next."""

    epoch: int = Field(ge=1)
    phase: str = ""
    loss: float | None = None
    val_loss: float | None = None
    val_accuracy: float | None = None
    learning_rate: float | None = None


class Training(_Strict):
    """The content of `training.json`: the epochs of the training whose model the bundle holds."""

    epochs: tuple[Epoch, ...]


class Score(_Strict):
    """A score with its 95 % interval; `None` where it is not defined."""

    value: float | None
    low: float | None
    high: float | None


class Tested(_Strict):
    """What a recipe scored on test rows.

    Attributes:
        clips: how many of them have a label.
        recall: of each class, the share of its rows that were recognised.
    """

    clips: int
    accuracy: Score
    balanced_accuracy: Score
    macro_f1: Score
    recall: dict[str, Score]


class Recipe(_Strict):
    """One finished run.

    Attributes:
        run: its folder's name.
        backbone: its name; selection chooses among the recipes of one backbone.
        settings: the settings in which the recipes differ, `images.size` -> `96`.
        epochs: how many were trained, of the first fold and seed.
        trainings: folds times seeds; each predicted its test rows once.
        selection_accuracy: on the rows held out of training, at the epoch that was kept; the mean of the trainings.
        test: on all test rows.
        copies: how many test rows also stand in the training rows; `None` where the data do not say.
        without_copies: the scores without them; `None` without any.
    """

    name: str
    run: str
    backbone: str
    settings: dict[str, str]
    epochs: int
    trainings: int
    selection_accuracy: float | None
    test: Tested
    copies: int | None
    without_copies: Tested | None


class Recipes(_Strict):
    """The content of `recipes.json`: every finished recipe for one task, data and test rows, the shipped one first."""

    recipes: tuple[Recipe, ...] = Field(min_length=1)


@dataclass(frozen=True)
class Log:
    """What a bundle tells of how its model came to be."""

    training: Training | None = None
    recipes: Recipes | None = None


def read_log(contents: Contents) -> Log:
    """Read the log of a verified bundle.

    Raises:
        UserError: if one of its files is not as this version writes it.
    """
    return Log(_read(contents, TRAINING, Training), _read(contents, RECIPES, Recipes))


def thinned(epochs: tuple[Epoch, ...]) -> list[Epoch]:
    """Return at most `SHOWN_EPOCHS` of them, evenly spread, the first and the last always among them."""
    places = np.linspace(0, len(epochs) - 1, min(len(epochs), SHOWN_EPOCHS)).round().astype(int)
    return [epochs[place] for place in places]


def _read(contents: Contents, name: str, content: type[Content]) -> Content | None:
    if name not in contents.files:
        return None
    try:
        return content.model_validate_json(contents.files[name])
    except ValidationError as error:
        raise UserError(
            f"{contents.folder / name} cannot be read.",
            rule="It says how the model came to be, as this version writes it.",
            received=error,
            todo="Get the bundle again.",
        ) from error
