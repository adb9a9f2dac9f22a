"""Cross-validation of a scikit-learn estimator by subject, into the table of predictions that reports read."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from transferpain.core.errors import UserError
from transferpain.core.progress import note
from transferpain.core.seeds import derive_seed
from transferpain.core.spelling import same_names
from transferpain.core.synthetic_faces import faces_fact
from transferpain.core.validation import describe_fault
from transferpain.data.datasets.subject_names import check_subjects_of
from transferpain.data.protocols.make import make_folds
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.data.protocols.splitter import ProtocolSplitter
from transferpain.evaluation.declared import Declared, declare
from transferpain.experiments.notebook.features import Features
from transferpain.experiments.notebook.samples import Samples
from transferpain.experiments.plan import SPLIT_SEED
from transferpain.networks.heads.sklearn_head import class_probabilities
from transferpain.strategies.common.answers import (
    ClipAnswer,
    answer_by_prior,
    predictions_table,
    training_prior,
)

Protocol = str | Mapping[str, Any] | ProtocolSettings | ProtocolSplitter
NEEDED = ("dataset", "subject", "clip", "y")
LARGEST_SEED = 2**32 - 1


def protocol(kind: str, seed: int = SPLIT_SEED, **settings: Any) -> ProtocolSplitter:
    """Return a protocol as a splitter, for `cv=` of scikit-learn and for `cross_validate`.

    Args:
        kind: loso, group_kfold, stratified_group_kfold, folders, holdout, published_folds, own_folds, cross_dataset,
            grouped, grouped_cross_dataset or random_frames.
        seed: of the random draws; 0 is that of every experiment.
        settings: as `protocol` in an experiment file, e.g. `folds=5`.

    Raises:
        UserError: if a setting is unknown or does not go with the kind.
    """
    return ProtocolSplitter(_settings({"kind": kind, **settings}), seed)


def cross_validate(
    estimator: Any,
    X: np.ndarray | Features,
    samples: Samples | pd.DataFrame,
    protocol: Protocol = "loso",
    seed: int = 0,
) -> pd.DataFrame:
    """Fit an estimator anew on each fold, and return what it says of the fold's test part.

    It is fitted on the training and selection parts together, because scikit-learn has no third part; where a
    protocol selects on tested subjects (`selection: paper`), those are left out of it. Subjects never straddle a split,
    but in `random_frames`, which warns. The folds are those of an experiment with the same protocol, whatever the seed.
    A row of NaN, a sample without a face, is never fitted, and is answered with the shares of the classes in training
    and coverage 0.

    Args:
        estimator: a classifier, which is cloned; without `predict_proba` its answer has the probability 1.
        X: numbers `(samples, ...)`, in the order of the samples; or `extract`'s features, which stand for their means
            and also say how much of each clip showed a face, and where they come from.
        samples: of `label`; or a table with dataset, subject, clip and y, whole numbers from 0 on, missing where there
            is no label.
        protocol: a kind, the settings of an experiment file, or what `protocol` returns.
        seed: of what the estimator draws: each `random_state` that is `None` is set by it, so that the same call gives
            the same table. The column `seed` says it.

    Returns:
        One row per tested sample: dataset, subject, clip, frame (-1: the answer is for all of it), fold, seed, part
        ("test"), y_true, y_pred, p_0 .. p_{K-1} (float32), coverage (where `X` does not say it: 1, or 0 for a row of
        NaN). Its `attrs` say what it is of, for `report`. Tables of several seeds may be joined by `pd.concat`.

    Raises:
        UserError: if `X`, the samples, the protocol or the estimator cannot be used, or a fold cannot be fitted.
    """
    from sklearn.base import clone, is_regressor

    splitter = protocol if isinstance(protocol, ProtocolSplitter) else ProtocolSplitter(_settings(protocol), SPLIT_SEED)
    table, classes = _table_of(samples)
    values, coverage = _values_of(X, samples, len(table))
    if not (hasattr(estimator, "fit") and hasattr(estimator, "predict")) or is_regressor(estimator):
        raise UserError(
            "This is no classifier.",
            rule="An estimator of scikit-learn has fit, predict and get_params, and predicts classes.",
            received=repr(estimator),
            todo="Pass an estimator such as LogisticRegression(), not fitted or fitted.",
        )
    for warning in splitter.settings.warnings:
        note(f"warning: {warning}")
    tables = []
    for fold in make_folds(table, splitter.settings, splitter.seed):
        train = np.setdiff1d(np.union1d(fold.train, fold.selection), fold.test)
        y = table["y"].iloc[train].to_numpy(dtype=np.int64)
        prior = training_prior(y, len(classes))
        seen = coverage[train] > 0
        try:
            fitted = clone(estimator)
            _seed_draws(fitted, seed, fold.name)
            fitted.fit(values[train[seen]], y[seen])
        except (ValueError, TypeError) as error:
            raise UserError(
                f"The estimator could not be fitted on the fold {fold.name}.",
                rule=f"It was given {int(seen.sum())} samples of the classes {sorted(set(y[seen].tolist()))}.",
                received=error,
                todo="Correct the estimator, X, or the protocol.",
            ) from error
        answers = _answers(fitted, values[fold.test], coverage[fold.test], prior)
        tables.append(predictions_table(table.iloc[fold.test], answers, fold.name, seed, "test"))
    predictions = pd.concat(tables, ignore_index=True)
    return declare(predictions, _facts(X, samples, table, classes, splitter.settings))


def _settings(values: str | Mapping[str, Any] | ProtocolSettings) -> ProtocolSettings:
    if isinstance(values, ProtocolSettings):
        return values
    given = {"kind": values} if isinstance(values, str) else values
    if not isinstance(given, Mapping):
        raise UserError(
            "This is no protocol.",
            rule="A protocol is a kind, such as `loso`, a mapping of settings, or what `protocol` returns.",
            received=repr(values),
            todo="Use protocol='loso'.",
        )
    try:
        return ProtocolSettings.model_validate(dict(given))
    except ValidationError as error:
        raise UserError(
            "This protocol cannot be used.",
            rule=describe_fault(error, dict(given), ProtocolSettings),
            todo="Correct the settings.",
        ) from error


def _table_of(samples: Samples | pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Return the samples with the columns that folds and predictions read, and the names of the classes."""
    if isinstance(samples, Samples):
        return samples.table, samples.classes
    missing = [column for column in NEEDED if not isinstance(samples, pd.DataFrame) or column not in samples]
    if missing:
        received = ", ".join(map(str, samples.columns)) if isinstance(samples, pd.DataFrame) else type(samples).__name__
        raise _refused_samples(received)
    table = samples.reset_index(drop=True)
    numbers = pd.to_numeric(table["y"], errors="coerce").astype("Float64")
    known = numbers.dropna()
    unclear = numbers.isna() & table["y"].notna()
    if (
        known.empty
        or unclear.any()
        or (known % 1 != 0).any()
        or (known < 0).any()
        or table[list(NEEDED[:3])].isna().any(axis=None)
    ):
        raise _refused_samples(f"y of {', '.join(map(str, table['y'].unique()[:10]))}")
    names = {column: table[column].astype(str) for column in NEEDED[:3]}
    check_subjects_of(table, "the samples")
    classes = tuple(str(number) for number in range(max(2, int(known.max()) + 1)))
    return table.assign(**names, split=table.get("split", ""), y=numbers.astype("Int64")), classes


def _refused_samples(received: str) -> UserError:
    return UserError(
        "These samples cannot be used.",
        rule=f"They have the columns {', '.join(NEEDED)}; y are whole numbers from 0 on, and only y may be missing.",
        received=received,
        todo="Pass what `label` returns, or a table with these columns.",
    )


def _values_of(X: np.ndarray | Features, samples: Samples | pd.DataFrame, rows: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the numbers of each sample, and how much of it showed a face, float64 `(samples,)`."""
    if isinstance(X, Features):
        # Two datasets may call their clips alike.
        if len(X) != rows or any(not np.array_equal(X.samples[name], samples[name]) for name in NEEDED[:3]):
            raise UserError(
                "The features are not those of the samples.",
                rule="Each row belongs to the sample at the same place.",
                received=f"features of {len(X)} samples, and {rows} samples",
                todo="Pass the samples that the features were extracted of.",
            )
        return X.mean(), X.coverage
    values = np.asarray(X)
    if values.ndim < 2 or len(values) != rows or values.dtype.kind not in "fiub":
        raise UserError(
            "X does not fit the samples.",
            rule=f"It holds numbers of the shape (samples, ...), here ({rows}, ...).",
            received=f"{values.dtype} of the shape {values.shape}",
            todo="Pass features.mean(), or an array with one row per sample in their order.",
        )
    if values.dtype.kind != "f":
        return values, np.ones(rows)
    return values, (~np.isnan(values.reshape(rows, -1)).all(axis=1)).astype(np.float64)


def _seed_draws(estimator: Any, seed: int, fold: str) -> None:
    """Set each `random_state` of an estimator and its parts that is left open."""
    parameters = estimator.get_params() if hasattr(estimator, "get_params") else {}
    opened = [
        name for name in sorted(parameters) if name.split("__")[-1] == "random_state" and parameters[name] is None
    ]
    if opened:
        estimator.set_params(**{name: derive_seed(seed, fold, name) % LARGEST_SEED for name in opened})


def _answers(fitted: Any, values: np.ndarray, coverage: np.ndarray, prior: np.ndarray) -> list[ClipAnswer]:
    """Return the answer for each row; the prior where no face was found."""
    answers = [answer_by_prior(prior)] * len(values)
    shown = np.flatnonzero(coverage > 0)
    if not len(shown):
        return answers
    said = np.asarray(fitted.predict(values[shown])).astype(np.int64)
    if hasattr(fitted, "predict_proba"):
        probabilities = class_probabilities(fitted, values[shown], len(prior))
    else:
        probabilities = np.eye(len(prior), dtype=np.float32)[said]
    nothing = np.empty((0, len(prior)))
    for place, answer, chances in zip(shown, said, probabilities, strict=True):
        answers[place] = ClipAnswer(int(answer), chances, float(coverage[place]), np.empty(0, np.int64), nothing)
    return answers


def _facts(
    X: np.ndarray | Features,
    samples: Samples | pd.DataFrame,
    table: pd.DataFrame,
    classes: tuple[str, ...],
    settings: ProtocolSettings,
) -> Declared:
    """Return what the predictions are of, as far as it is known."""
    known = {}
    if isinstance(samples, Samples):
        task = samples.task
        known = {
            "task": task.name,
            "label_definition": task.rule_for(samples.dataset).definition,
            "ordinal": task.ordinal,
            "synthetic": samples.synthetic,
            **faces_fact(samples.index.synthetic_faces),
            # What the index did not refuse is confirmed.
            "distinct_subjects": tuple(map(tuple, same_names(table["subject"].astype(str).unique()))),
        }
    if isinstance(X, Features):
        known |= {"source": X.source, "synthetic": X.synthetic, **faces_fact(X.synthetic_faces)}
    return Declared(
        classes=classes,
        dataset=" -> ".join(map(str, table["dataset"].unique())),
        protocol=settings.kind,
        split_provenance=settings.provenance,
        warnings=settings.warnings,
        **known,
    )
