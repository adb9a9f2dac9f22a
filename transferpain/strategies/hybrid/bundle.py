"""The three models in a bundle: the network is its model, the classifiers are parts, the manifest states the rest."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sklearn.ensemble import GradientBoostingClassifier
from sklearn.preprocessing import StandardScaler

from transferpain.core.faults import meaning
from transferpain.inputs.action_units.units import Measure
from transferpain.models.bundles.manifest import Contents, not_a_bundle, opened
from transferpain.models.bundles.sklearn_part import load_part, save_parts
from transferpain.strategies.hybrid.boosting import Model
from transferpain.strategies.hybrid.models import FittedModels

FACTS = "hybrid"  # the key in the manifest
Name = Literal["units", "cnn", "hybrid"]
Share = Annotated[float, Field(allow_inf_nan=False)]


class HybridFacts(BaseModel):
    """What the manifest states of the three models.

    Attributes:
        main: whose scores are the bundle's.
        embedding: the layer of the network whose output the trees read.
        units: the action units, in the order of their columns.
        estimator: who measured them; intensities of another one mean something else.
        thresholds: model -> from which P(pain) on it says pain.
        measures: action unit -> what guessed it from a face mesh; empty if another tool measured them.
        measures_hash: of all that those guesses are made with; numbers of another one mean something else.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    main: Name = "hybrid"
    embedding: str
    units: tuple[int, ...] = Field(min_length=1)
    estimator: str
    thresholds: dict[Name, Share] = Field(min_length=3)
    measures: dict[int, Measure] = {}
    measures_hash: str = ""


def save_models(fitted: FittedModels, facts: HybridFacts, folder: Path) -> str:
    """Add the classifiers to the bundle of their network; return its new digest."""
    parts = {}
    for name, one in fitted.boosted.items():
        parts |= {f"{name}-scaler": one.model.scaler, f"{name}-trees": one.model.trees}
    return save_parts(parts, folder, {FACTS: facts.model_dump(mode="json")})


def is_hybrid(manifest: dict) -> bool:
    """Tell whether a bundle holds the three models."""
    return FACTS in manifest


def read_facts(folder: Path, manifest: dict) -> HybridFacts:
    """Return what the manifest of a bundle states of its three models. Raises `UserError` if it is not whole."""
    try:
        return HybridFacts.model_validate(manifest[FACTS])
    except ValidationError as error:
        fault = error.errors()[0]
        raise not_a_bundle(folder, f"{'.'.join(map(str, (FACTS, *fault['loc'])))}: {meaning(fault)}") from error


def read_models(place: Path | Contents, facts: HybridFacts, width: int) -> tuple[Model, Model]:
    """Read the classifiers of a bundle: that on action units, and that on the embedding and them.

    Args:
        place: the bundle's folder, or what was read of it.
        facts: of its manifest.
        width: of the network's embedding.

    Raises:
        UserError: if the bundle is damaged, or its parts are not such classifiers, or do not fit the columns.
    """
    contents, units = opened(place), len(facts.units)
    return _read_model(contents, "units", units), _read_model(contents, "hybrid", width + units)


def _read_model(contents: Contents, name: str, columns: int) -> Model:
    model = Model(load_part(contents, f"{name}-scaler"), load_part(contents, f"{name}-trees"))
    folder = contents.folder
    kinds = type(model.scaler), type(model.trees)
    if kinds != (StandardScaler, GradientBoostingClassifier):
        raise not_a_bundle(folder, f"parts of {name} that are {' and '.join(kind.__name__ for kind in kinds)}")
    sizes = model.scaler.n_features_in_, model.trees.n_features_in_, len(model.trees.classes_)
    if sizes != (columns, columns, 2):
        raise not_a_bundle(
            folder, f"parts of {name} for {sizes[0]} and {sizes[1]} columns and {sizes[2]} classes, not {columns} and 2"
        )
    return model
