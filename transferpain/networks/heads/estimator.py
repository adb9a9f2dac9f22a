"""A head as an estimator of scikit-learn: fit, predict, predict_proba, clone, cross_val_predict."""

import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Self

import numpy as np
from pydantic import BaseModel, ValidationError
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_array, check_is_fitted, check_X_y

from transferpain.core.errors import UserError
from transferpain.core.validation import describe_fault
from transferpain.networks.heads.base import Head, HeadTraining, Rows
from transferpain.networks.heads.registry import HEADS
from transferpain.networks.training.class_weights import class_weights
from transferpain.networks.training.settings import TrainingSettings
from transferpain.networks.training.start import start_tensorflow

PREDICTED_AT_ONCE = 4096


class HeadClassifier(ClassifierMixin, BaseEstimator):
    """A head of the registry, trained on features as they are given.

    A head stops by a part of its rows that it is not fitted to: so many of each class, drawn at random, or, where `fit`
    is given groups, so many groups. Without groups, frames of one person stand on both sides of that choice; what is
    tested is not touched by it. Features are not standardised: put a `StandardScaler` before it if they are to be.

    Args:
        kind: the head: `ann`, `lstm` or another of the registry.
        training: as `training` in an experiment file, a mapping or `TrainingSettings`; `None` is the default.
        selection_share: the share of the rows, or of the groups, by which it stops.
        random_state: seed of the weights, the order of the rows, and what is set aside; `None` is 0.
        settings: the head's own, as `head` in an experiment file, e.g. `hidden=(128, 32)`.

    Attributes:
        classes_: the classes, in the order of the columns of `predict_proba`.
        history_: one row per epoch, with `val_loss`.
        n_features_in_: features of a frame, D.
    """

    def __init__(
        self,
        kind: str = "ann",
        *,
        training: TrainingSettings | Mapping[str, Any] | None = None,
        selection_share: float = 0.2,
        random_state: int | None = None,
        **settings: Any,
    ):
        self.kind = kind
        self.training = training
        self.selection_share = selection_share
        self.random_state = random_state
        self.settings = settings

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """Return all parameters, the head's own among them, with their defaults where they are not given."""
        fields = HEADS[self.kind].Settings.model_fields if self.kind in HEADS else {}
        defaults = {name: field.default for name, field in fields.items() if name != "kind"}
        return super().get_params(deep) | defaults | self.settings

    def set_params(self, **params: Any) -> Self:
        """Set parameters by name.

        Raises:
            ValueError: if neither the estimator nor the head has one of that name.
        """
        own = super().get_params(deep=False)
        if "kind" in params:
            self.kind = params["kind"]
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise ValueError(f"Invalid parameter {name!r}. Valid parameters are: {sorted(known)}.")
            if name in own:
                setattr(self, name, value)
            else:
                self.settings = {**self.settings, name: value}
        return self

    def fit(self, X: np.ndarray, y: np.ndarray, groups: np.ndarray | None = None) -> Self:
        """Train the head.

        Args:
            X: finite numbers `(n, D)`; `(n, frames, D)` for a head that reads windows.
            y: the class of each row, `(n,)`, numbers or text.
            groups: the subject of each row, `(n,)`.

        Raises:
            UserError: if a setting is wrong, `X` has not the shape that the head reads, or there are too few rows.
            ValueError: if `X` or `y` hold NaN, are empty or differ in length.
        """
        head = HEADS.find(self.kind)
        settings = _checked(head.Settings, {"kind": head.name, **self.settings})
        given = self.training
        training = given if isinstance(given, TrainingSettings) else _checked(TrainingSettings, dict(given or {}))
        X, y = check_X_y(X, y, dtype=np.float32, allow_nd=True)
        _check_shape(head, X)
        self.classes_, labels = np.unique(y, return_inverse=True)
        self.n_features_in_ = X.shape[-1]
        self.input_shape_ = X.shape[1:]
        chosen = self._set_aside(labels, groups)
        equal = np.ones(len(self.classes_), np.float32)
        train = labels[~chosen]
        weights = class_weights(train, len(self.classes_)) if training.class_weights else equal
        start_tensorflow()
        with tempfile.TemporaryDirectory() as folder:
            self.fitted_ = head.fit(
                settings,
                HeadTraining(
                    classes=len(self.classes_),
                    dimension=self.n_features_in_,
                    frames=X.shape[1] if X.ndim == 3 else None,
                    settings=training,
                    seed=(self._seed, "estimator"),
                    checkpoint=Path(folder) / "checkpoint.npz",
                    label=head.name,
                ),
                _rows(X[~chosen], train, weights),
                _rows(X[chosen], labels[chosen], equal),
            )
        self.history_ = self.fitted_.history
        return self

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Return the probabilities, float32 `(n, classes)`, of rows of the shape that it was fitted to.

        Raises:
            ValueError: if they have another shape or hold NaN.
        """
        check_is_fitted(self, "fitted_")
        X = check_array(X, dtype=np.float32, allow_nd=True)
        if X.shape[1:] != self.input_shape_:
            raise ValueError(f"X has rows of the shape {X.shape[1:]}, but the head was fitted to {self.input_shape_}.")
        parts = [X[start : start + PREDICTED_AT_ONCE] for start in range(0, len(X), PREDICTED_AT_ONCE)]
        return np.concatenate([np.asarray(self.fitted_.predict(part), np.float32) for part in parts])

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Return the most probable class of each row, `(n,)`; it raises as `predict_proba`."""
        places = self.predict_proba(X).argmax(axis=1)
        return self.classes_[places]

    @property
    def _seed(self) -> int:
        return 0 if self.random_state is None else int(self.random_state)

    def _set_aside(self, labels: np.ndarray, groups: np.ndarray | None) -> np.ndarray:
        """Return which rows it stops by, bool `(n,)`."""
        if not 0 < self.selection_share < 1:
            raise UserError(
                "A head cannot be fitted so.",
                rule="`selection_share` lies between 0 and 1.",
                received=self.selection_share,
                todo="Use 0.2.",
            )
        generator = np.random.default_rng(self._seed)
        chosen = np.zeros(len(labels), dtype=bool)
        if groups is None:
            for label in range(len(self.classes_)):
                rows = np.flatnonzero(labels == label)
                chosen[generator.permutation(rows)[: round(self.selection_share * len(rows))]] = True
        else:
            people, of_row = np.unique(np.asarray(groups), return_inverse=True)
            size = max(1, round(self.selection_share * len(people)))
            chosen = np.isin(of_row, generator.permutation(len(people))[:size])
        if chosen.all() or not chosen.any() or len(self.classes_) < 2:
            raise UserError(
                "There are too few rows to fit a head.",
                rule="It needs two classes, and rows or groups both to learn from and to stop by.",
                received=f"{len(labels)} rows of {len(self.classes_)} classes",
                todo="Use more rows, or another selection_share.",
            )
        return chosen


def _rows(X: np.ndarray, y: np.ndarray, weights: np.ndarray) -> Rows:
    return Rows(lambda places: X[places], y.astype(np.int64), weights[y].astype(np.float32))


def _check_shape(head: Head, X: np.ndarray) -> None:
    wanted = 3 if head.reads == "window" else 2
    if X.ndim != wanted:
        raise UserError(
            f"The head {head.name} cannot read X.",
            rule="It reads windows, (n, frames, D)." if wanted == 3 else "It reads single rows of features, (n, D).",
            received=f"the shape {X.shape}",
            todo="Pass features of that shape, or choose another head.",
        )


def _checked(schema: type[BaseModel], values: dict[str, Any]) -> Any:
    try:
        return schema.model_validate(values)
    except ValidationError as error:
        raise UserError(
            "A setting of the head cannot be used.",
            rule=describe_fault(error, values, schema),
            todo=f"Settings are {', '.join(schema.model_fields)}.",
        ) from error
