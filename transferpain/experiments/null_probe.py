"""What the sampling alone tells of a label: how far a clip's face moves from one frame that is read to the next.

A head may be at chance because it learns badly. This probe learns one thing well: clips of one class that are read at
another rate, or for longer, differ in the steps between their rows, in the spread of these, and in their number.
"""

from pathlib import Path

import numpy as np
import pandas as pd

from transferpain.data.places import Places
from transferpain.evaluation.predictions import CLIP, WHOLE_CLIP, labelled_rows
from transferpain.experiments.plan import RunPlan
from transferpain.inputs.features.cache import read_features
from transferpain.strategies.registry import STRATEGIES

FOLDS = 5
SMALLEST = 1e-6


def probe_steps(plan: RunPlan, places: Places) -> pd.DataFrame | None:
    """Predict the tested clips of a finished run by the steps between what was read of each, for people not fitted on.

    Of a head on features these are the rows of the stretch; of other strategies the answers for single frames.

    Returns:
        Predictions as of a run, one row per clip; `None` where single frames are predicted, or a clip is answered as a
        whole by a network on pictures.
    """
    answers = plan.run.predictions()
    rows = labelled_rows(answers)
    rows = rows[rows["seed"] == rows["seed"].min()].reset_index(drop=True)
    if plan.task.sample == "frame" or (plan.samples["row"] >= 0).any():
        return None
    if STRATEGIES[plan.experiment.strategy].reads == "features":
        sequences = _feature_rows(plan, places)
    else:
        sequences = _frame_answers(answers)
    if not sequences:
        return None
    read = [sequences.get(tuple(clip)) for clip in rows[CLIP].itertuples(index=False)]
    return _answered(rows, np.array([_steps(one) for one in read]))


def _feature_rows(plan: RunPlan, places: Places) -> dict[tuple[str, str, str], np.ndarray]:
    """Return the feature rows that are read of each clip, float `(rows, D)`, by dataset, subject and clip."""
    table = STRATEGIES[plan.experiment.strategy].extract(plan, places).set_index("clip")
    found = {}
    for sample in plan.samples.itertuples():
        file, stretch = table.at[sample.file_clip, "features"], table.at[sample.file_clip, "stretch_rows"]
        if file:
            features = read_features(Path(file)).astype(np.float32)
            found[sample.dataset, sample.subject, sample.clip] = features if stretch < 0 else features[:stretch]
    return found


def _frame_answers(answers: pd.DataFrame) -> dict[tuple[str, str, str], np.ndarray]:
    """Return the logits of the single frames of each clip, float `(frames, classes)`."""
    frames = answers[(answers["frame"] != WHOLE_CLIP) & (answers["seed"] == answers["seed"].min())]
    columns = [column for column in frames if column.startswith("p_")]
    return {
        clip: np.log(own.sort_values("frame")[columns].to_numpy(dtype=np.float64).clip(SMALLEST))
        for clip, own in frames.groupby(CLIP, sort=False)
    }


def _steps(rows: np.ndarray | None) -> tuple[float, float, float]:
    """Return the logarithms of the mean step from row to row, of the spread of the rows, and of their number."""
    rows = np.empty((0, 1)) if rows is None else rows[~np.isnan(rows).any(axis=1)]
    if len(rows) < 2:
        return np.log(SMALLEST), np.log(SMALLEST), 0.0
    step = float(np.linalg.norm(np.diff(rows, axis=0), axis=1).mean())
    return np.log(step + SMALLEST), np.log(float(rows.std(axis=0).mean()) + SMALLEST), float(np.log(len(rows)))


def _answered(rows: pd.DataFrame, values: np.ndarray) -> pd.DataFrame:
    """Return `rows` with the answers of a logistic regression on `values`, cross-validated over groups of subjects."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    subjects = pd.factorize(rows["dataset"].astype(str) + "/" + rows["subject"].astype(str))[0]
    # People differ in how much they move.
    own = values - pd.DataFrame(values).groupby(subjects).transform("mean").to_numpy()
    y, said = rows["y_true"].to_numpy(dtype=np.int64), np.zeros(len(rows), np.int64)
    if subjects.max() > 0:
        for train, test in GroupKFold(min(FOLDS, int(subjects.max()) + 1)).split(own, y, subjects):
            said[test] = y[train][0]
            if len(set(y[train])) > 1:
                model = make_pipeline(StandardScaler(), LogisticRegression(class_weight="balanced"))
                said[test] = model.fit(own[train], y[train]).predict(own[test])
    return rows.assign(y_pred=said)
