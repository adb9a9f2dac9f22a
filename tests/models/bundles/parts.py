"""Small parts of scikit-learn, as they are saved and as somebody has changed them."""

import io
import json
import zipfile
from functools import cache

import numpy as np
import pytest
from sklearn.calibration import CalibratedClassifierCV
from sklearn.ensemble import (
    AdaBoostClassifier,
    GradientBoostingClassifier,
    HistGradientBoostingClassifier,
    RandomForestClassifier,
)
from sklearn.linear_model import LogisticRegression
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

from tests.models.bundles.bundles import vouch_again
from transferpain.core.errors import UserError
from transferpain.models.bundles.manifest import read_manifest
from transferpain.models.bundles.sklearn_part import check_part, load_part, part_bytes

X = np.random.default_rng(0).random((60, 4))
TWO, THREE = (X[:, 0] > 0.5).astype(int), np.arange(60) % 3
NAMES = np.array(["none", "pain"])[TWO]
MODELS = {
    "scaler": lambda: StandardScaler().fit(X),
    "boosting": lambda: GradientBoostingClassifier(n_estimators=2, random_state=0).fit(X, THREE),
    "two names": lambda: GradientBoostingClassifier(n_estimators=2, n_iter_no_change=1, random_state=0).fit(X, NAMES),
    "histogram boosting": lambda: HistGradientBoostingClassifier(max_iter=1, random_state=0).fit(X, TWO),
    "ada": lambda: AdaBoostClassifier(n_estimators=2, random_state=0).fit(X, THREE),
    "logistic": lambda: LogisticRegression(class_weight={0: 1.0, 1: 2.0}).fit(X, TWO),
    "sigmoid": lambda: CalibratedClassifierCV(GradientBoostingClassifier(n_estimators=1, random_state=0), cv=2).fit(
        X, TWO
    ),
    "forest": lambda: RandomForestClassifier(2, random_state=0).fit(X, THREE),
    "margin": lambda: CalibratedClassifierCV(LinearSVC(random_state=0), cv=2, ensemble=False).fit(X, THREE),
    "isotonic": lambda: CalibratedClassifierCV(LogisticRegression(), method="isotonic", cv=2).fit(X, THREE),
}


@cache
def fitted(name: str):
    """Return one of `MODELS`, fitted once for all tests."""
    return MODELS[name]()


def plant(bundle, content: bytes) -> None:
    """Put a file into the place of a part, with a manifest that is correct."""
    (bundle / "parts").mkdir(exist_ok=True)
    (bundle / "parts" / "one.skops").write_bytes(content)
    vouch_again(bundle)


def assert_refused(bundle, reason: str) -> None:
    """Assert that the manifest is correct, and the part is refused all the same, loaded or not."""
    read_manifest(bundle)
    message = f"is refused, and was not loaded[\\s\\S]*Received: .*{reason}"
    with pytest.raises(UserError, match=message):
        check_part((bundle / "parts" / "one.skops").read_bytes(), bundle / "parts" / "one.skops")
    with pytest.raises(UserError, match=message):
        load_part(bundle, "one")


def changed(model, change) -> bytes:
    """Return the bytes of a part whose schema, and arrays by their names, were edited by `change`."""
    with zipfile.ZipFile(io.BytesIO(part_bytes(model))) as archive:
        schema = json.loads(archive.read("schema.json"))
        arrays = {name: np.load(io.BytesIO(archive.read(name))) for name in archive.namelist() if name != "schema.json"}
    change(schema, arrays)
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("schema.json", json.dumps(schema))
        for name, array in arrays.items():
            content = io.BytesIO()
            np.save(content, array)
            archive.writestr(name, content.getvalue())
    return buffer.getvalue()
