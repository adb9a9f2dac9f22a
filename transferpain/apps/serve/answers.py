"""What the server answers, as JSON: the fields are the interface of `/v1`."""

from collections.abc import Sequence
from typing import Literal

from pydantic import BaseModel, Field

from transferpain.core.synthetic_faces import DRAWN as DRAWN_FACES
from transferpain.core.synthetic_faces import in_words
from transferpain.inputs.action_units.units import Measure, Standing

RESEARCH = "For research only; no medical device."
DRAWN = f"trained on {DRAWN_FACES}: verdict not valid for people"

Label = Literal["pain", "no pain"]


class Box(BaseModel):
    """A face, as shares of the upright picture's width and height; it may leave the picture."""

    left: float
    top: float
    right: float
    bottom: float
    score: float = Field(description="The detector's own score.")


class Region(BaseModel):
    """A part of the face that action units change; points `[x, y]` are shares of the upright picture."""

    name: str
    units: list[int]
    outlines: list[list[tuple[float, float]]]


class UnitAnswer(BaseModel):
    """An action unit as a measure guesses it, which is no intensity of a coder, and what that is worth."""

    unit: int = Field(description="4 for AU4.")
    intensity: float
    maximum: float = Field(description="The upper end of its scale; the lower one is 0.")
    measure: Measure = Field(description="What guessed it from the face mesh.")
    standing: Standing = Field(description="What a check on real faces found of that measure.")


class ModelAnswer(BaseModel):
    """What one model says; `label`, `p_pain` and `probabilities` are missing where it could not look at the face."""

    name: str
    title: str
    label: Label | None
    p_pain: float | None = Field(ge=0, le=1)
    threshold: float = Field(description="From which p_pain on the label is `pain`.")
    probabilities: dict[str, float] = Field(description="Of each class that the model tells apart.")


class Assessment(BaseModel):
    """The answer to one picture; `label`, `p_pain` and `threshold` are those of the model `main`."""

    label: Label | None
    p_pain: float | None
    threshold: float
    main: str
    models: list[ModelAnswer]
    action_units: list[UnitAnswer] = Field(description="Empty where no mesh of the face was found.")
    action_units_from: str = Field(description="Who estimated them, and on what scale.")
    face: Box
    regions: list[Region]
    coverage: float = Field(description="Share of the models that could look at this face.")
    model_version: str = Field(description="The digest of the bundle.")
    synthetic: bool = Field(description="Whether synthetic faces took part in the training.")
    notices: list[str]


class ModelFacts(BaseModel):
    """A model that the server asks."""

    name: str
    title: str
    threshold: float
    classes: list[str]


class ServiceFacts(BaseModel):
    """What is behind the server."""

    bundle: str
    model_version: str
    synthetic: bool
    main: str
    models: list[ModelFacts]
    action_units_from: str
    notices: list[str]


class Health(BaseModel):
    """The server is up."""

    status: Literal["ok"] = "ok"


def notices_of(faces: Sequence[str]) -> list[str]:
    """Return what has to be said beside every verdict.

    Args:
        faces: what the synthetic faces are called that took part in the training.
    """
    return [RESEARCH, DRAWN.replace(DRAWN_FACES, in_words(faces))] if faces else [RESEARCH]


def label_of(p_pain: float, threshold: float) -> Label:
    """Return what a probability means."""
    return "pain" if p_pain >= threshold else "no pain"
