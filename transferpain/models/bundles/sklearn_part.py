"""A model of scikit-learn as a part of a bundle: `parts/<name>.skops`, checked before skops sees it.

Skops trusts whatever scikit-learn has; here a file may name nothing but the types below and those that heads state,
which the scalers and classifiers of this project are made of. Skops also trusts what stands in an object, so the trees
are looked at as well: scikit-learn follows the numbers in them without a look at where they lead.
"""

import importlib.abc
import io
import json
import math
import re
import sys
import zipfile
from contextlib import AbstractContextManager
from importlib.metadata import version
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np

from transferpain.core.errors import UserError
from transferpain.core.foreign import border, parse_json
from transferpain.models.bundles.bundle import extend_bundle
from transferpain.models.bundles.containers import check_members as check_archive
from transferpain.models.bundles.containers import open_zip, read_array
from transferpain.models.bundles.manifest import PART_PATTERN, Contents, load_manifest, opened
from transferpain.models.bundles.scaling import ZIP_EPOCH
from transferpain.models.bundles.sizes import Refused
from transferpain.networks.heads.registry import HEADS

SCHEMA = "schema.json"
ARRAY_NAME = re.compile(r"\d+\.npy")
# As skops 0.16 writes it; a lower number would have a file read by older, laxer readers.
PROTOCOL = 2
NUMBERS_AND_NAMES = "fiubU"
# What skops does not trust by itself, although the classifiers below hold it.
ASKED_FOR = (
    "sklearn.calibration._CalibratedClassifier",
    "sklearn.calibration._SigmoidCalibration",
    "sklearn.ensemble._hist_gradient_boosting.predictor.TreePredictor",
    "sklearn.tree._tree.Tree",
)
TREE = ("sklearn.tree._tree", "Tree", "TreeNode")
BOOSTED_TREE = ("sklearn.ensemble._hist_gradient_boosting.predictor", "TreePredictor", "ObjectNode")
HOLDS_TREES = {
    "AdaBoostClassifier",
    "DecisionTreeClassifier",
    "DecisionTreeRegressor",
    "GradientBoostingClassifier",
    "HistGradientBoostingClassifier",
    "RandomForestClassifier",
}
RANDOM_STATE = ("numpy.random.mtrand", "RandomState", "RandomStateNode")
RANDOM_NUMBERS = 624  # in the table of a Mersenne Twister
# (module, class, how skops reads it), exactly as skops writes them.
TYPES = {
    TREE,
    BOOSTED_TREE,
    RANDOM_STATE,
    ("builtins", "dict", "DictNode"),
    ("builtins", "list", "ListNode"),
    ("builtins", "tuple", "TupleNode"),
    ("builtins", "str", "JsonNode"),
    *(("builtins", name, "TypeNode") for name in ("str", "int")),
    *(("numpy", name, "NdArrayNode") for name in ("ndarray", "bool", "float32", "float64", "int64", "uint64")),
    ("numpy.random._generator", "Generator", "RandomGeneratorNode"),
    *(("sklearn._loss._loss", f"CyHalf{name}Loss", "LossNode") for name in ("Binomial", "Multinomial")),
    *(("sklearn._loss.loss", f"Half{name}Loss", "ObjectNode") for name in ("Binomial", "Multinomial")),
    *(("sklearn._loss.link", name, "ObjectNode") for name in ("Interval", "LogitLink", "MultinomialLogit")),
    *(
        (f"sklearn.{module}", name, "ObjectNode")
        for module, name in (
            ("preprocessing._data", "StandardScaler"),
            ("preprocessing._label", "LabelEncoder"),
            ("linear_model._logistic", "LogisticRegression"),
            ("pipeline", "Pipeline"),
            ("dummy", "DummyClassifier"),
            ("isotonic", "IsotonicRegression"),
            ("tree._classes", "DecisionTreeClassifier"),
            ("tree._classes", "DecisionTreeRegressor"),
            ("ensemble._gb", "GradientBoostingClassifier"),
            ("ensemble._weight_boosting", "AdaBoostClassifier"),
            ("ensemble._hist_gradient_boosting.gradient_boosting", "HistGradientBoostingClassifier"),
            ("ensemble._hist_gradient_boosting.binning", "_BinMapper"),
            ("calibration", "CalibratedClassifierCV"),
            ("calibration", "_CalibratedClassifier"),
            ("calibration", "_SigmoidCalibration"),
        )
    ),
    *((*name.rsplit(".", 1), "ObjectNode") for head in HEADS.values() for name in head.estimators),
}
NAMES_A_TYPE = {"__class__", "__module__", "__loader__"}


def save_part(model: Any, folder: Path, name: str) -> str:
    """Add a fitted model of scikit-learn to a bundle, or replace it there; as `save_parts`."""
    return save_parts({name: model}, folder)


def save_parts(models: dict[str, Any], folder: Path, facts: dict | None = None) -> str:
    """Add fitted models of scikit-learn to a bundle, or replace them there; return the bundle's new digest.

    The same models give the same bytes. The manifest then also states the version of scikit-learn.

    Args:
        models: name -> a classifier or scaler made of `TYPES`; names are lower-case letters, digits and hyphens.
        folder: the bundle.
        facts: what the manifest states in addition, JSON types.

    Raises:
        ValueError: if a name or a type in a model is not allowed.
        UserError: if the folder is no whole bundle.
    """
    for name in models:
        if not re.fullmatch(PART_PATTERN, part_file(name)):
            raise ValueError(f"a part is named by lower-case letters, digits and hyphens, not {name!r}")
    versions = load_manifest(folder)["versions"] | {"scikit-learn": version("scikit-learn")}
    files = {part_file(name): part_bytes(model) for name, model in models.items()}
    return extend_bundle(folder, folder, files, {"versions": versions, **(facts or {})})


def load_part(place: Path | Contents, name: str) -> Any:
    """Verify a bundle, and read a model of scikit-learn from it.

    Args:
        place: its folder, or what was read of it.
        name: the part's.

    Raises:
        UserError: as `read_contents` and `check_part`; or if the bundle has no such part, or skops cannot read it.
    """
    contents = opened(place)
    if part_file(name) not in contents.files:
        raise UserError(
            f"The bundle {contents.folder} has no part {name}.",
            received=", ".join(part_names(contents.manifest)) or "no parts",
            todo="Name one that it has, or get another bundle.",
        )
    content = contents.files[part_file(name)]
    with refusing_part(contents.folder / part_file(name)):
        check_bytes(content)
        model = import_skops().loads(content, trusted=list(ASKED_FOR))
        check_columns(model)
    return model


def check_part(content: bytes, path: Path) -> None:
    """Check a part without loading it.

    Args:
        content: all of its file.
        path: where it stands, for the message.

    Raises:
        UserError: if it is no file of skops, names a type that is not on the list, or holds anything but plain arrays,
            names, and trees that lead somewhere.
    """
    with refusing_part(path):
        check_bytes(content)


def part_names(manifest: dict) -> list[str]:
    """Return the parts that a manifest lists: `parts/<name>.skops`."""
    return [name for name in manifest["files"] if re.fullmatch(PART_PATTERN, name)]


def import_skops() -> ModuleType:
    """Import `skops.io` without torch.

    Skops asks scikit-learn for all its estimators; on its way through its own modules scikit-learn would import torch,
    which takes seconds of a server's start and is needed for none of them.
    """
    finder = _WithoutTorch()
    sys.meta_path.insert(0, finder)
    try:
        return importlib.import_module("skops.io")
    finally:
        sys.meta_path.remove(finder)


class _WithoutTorch(importlib.abc.MetaPathFinder):
    """Says of torch that it is not installed; what has been imported already stays."""

    def find_spec(self, name: str, path: object, target: object = None) -> None:
        if name == "torch":
            raise ModuleNotFoundError("torch is not wanted here", name=name)


def part_file(name: str) -> str:
    """Return where a part stands in its bundle."""
    return f"parts/{name}.skops"


def part_bytes(model: Any) -> bytes:
    """Return the content of a part's file, the same for the same model.

    Skops names arrays by their addresses in memory, and the archive knows the time: both are taken out.
    """
    with zipfile.ZipFile(io.BytesIO(import_skops().dumps(model))) as archive:
        schema = json.loads(archive.read(SCHEMA))
        names: dict[str, str] = {}
        schema = _renumber(schema, {}, names)
        members = {new: _without_padding(archive.read(old)) for old, new in names.items()}
    members[SCHEMA] = json.dumps(schema).encode()
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_STORED) as archive:
        for name in sorted(members):
            archive.writestr(zipfile.ZipInfo(name, ZIP_EPOCH), members[name])
    try:
        check_bytes(buffer.getvalue())
    except Refused as reason:
        raise ValueError(f"no bundle can hold {reason}; extend the list in models/bundles/sklearn_part.py") from reason
    return buffer.getvalue()


def check_bytes(content: bytes) -> None:
    """Raise `Refused`, or whatever a reader raises, if a part's file is not what `part_bytes` writes."""
    with open_zip(content) as archive:
        names = {name for name in archive.namelist() if ARRAY_NAME.fullmatch(name)}
        check_archive(archive, names | {SCHEMA})
        schema = parse_json(archive.read(SCHEMA))
        arrays = {name: read_array(archive.read(name), NUMBERS_AND_NAMES) for name in names}
    if not isinstance(schema, dict) or schema.get("protocol") != PROTOCOL:
        raise Refused(f"a file that is not of protocol {PROTOCOL}")
    _check(schema, arrays, math.inf)
    _check_numbering(schema, arrays)


def check_columns(model: Any) -> None:
    """Refuse gradient boosting with more trees a round than its answer has columns: they would be written elsewhere."""
    for one in getattr(model, "calibrated_classifiers_", ()):
        check_columns(one.estimator)
    for _, step in getattr(model, "steps", ()):
        check_columns(step)
    if hasattr(model, "_raw_predict_init"):
        answer = model._raw_predict_init(np.zeros((1, model.n_features_in_), np.float32))
        if model.estimators_.shape[1:] != answer.shape[1:]:
            raise Refused(f"{model.estimators_.shape[1]} trees a round for {answer.shape[1]} columns")


def _check_numbering(schema: dict, arrays: dict[str, np.ndarray]) -> None:
    """Refuse two different objects of one number: skops would read the first of them wherever the other stands."""
    known: dict[Any, dict] = {}
    waiting: list[Any] = [schema]
    while waiting:
        part = waiting.pop()
        number = part.get("__id__") if isinstance(part, dict) else None
        if number is not None and not _is_same(known.setdefault(number, part), part, arrays):
            raise Refused(f"two different objects of the number {number!s:.40}")
        waiting += _children(part).values()


def _is_same(one: Any, other: Any, arrays: dict[str, np.ndarray]) -> bool:
    """Tell whether two parts of a schema say the same under other numbers; of equal ones, others are compared."""
    own, others = _children(one), _children(other)
    if type(one) is not type(other) or own.keys() != others.keys():
        return False
    if not own:
        return one == other
    for key in own.keys() - {"__id__"}:
        first, second = own[key], others[key]
        if key == "file":
            same = first == second or _is_same_array(arrays[first], arrays[second])
        else:
            numbers = [_children(child).get("__id__") for child in (first, second)]
            same = (numbers[0] is not None and numbers[0] == numbers[1]) or _is_same(first, second, arrays)
        if not same:
            return False
    return True


def _is_same_array(one: np.ndarray, other: np.ndarray) -> bool:
    return one.dtype == other.dtype and one.shape == other.shape and one.tobytes() == other.tobytes()


def _children(part: Any) -> dict[Any, Any]:
    return part if isinstance(part, dict) else dict(enumerate(part)) if isinstance(part, list) else {}


def _check(part: Any, arrays: dict[str, np.ndarray], features: float) -> None:
    """Check the types in a schema, and its trees, which may look at the first `features` features only."""
    if isinstance(part, list):
        for element in part:
            _check(element, arrays, features)
    if not isinstance(part, dict):
        return
    if NAMES_A_TYPE & part.keys():
        named = tuple(part.get(key) for key in ("__module__", "__class__", "__loader__"))
        if not all(isinstance(name, str) for name in named) or named not in TYPES:
            raise Refused(f"{named[0]}.{named[1]} (read as {named[2]}), which is not on the list")
        if named[2] == "DictNode" and len(part["key_types"]["content"]) != len(part["content"]):
            raise Refused("a dictionary whose keys are not all typed, of which skops leaves some out")
        if named[1] in HOLDS_TREES:
            # scikit-learn compares what it is given with this number only where it is stated.
            features = min(features, _whole_number(_entries(part["content"]), "n_features_in_") or 0)
        if named in (TREE, BOOSTED_TREE):
            _check_tree(_array_of_tree(part, "nodes", arrays), named, features)
        if named == TREE:
            _check_extent(part, arrays)
        if named == RANDOM_STATE:
            _check_random_state(part)
    for value in part.values():
        _check(value, arrays, features)


def _check_tree(nodes: np.ndarray, kind: tuple[str, str, str], features: float) -> None:
    """Refuse a tree whose branches do not lead onwards to a node, or that looks at a feature that is not there."""
    if kind == TREE:
        leaf, names = nodes["left_child"] == -1, ("left_child", "right_child", "feature")
    else:
        leaf, names = nodes["is_leaf"] == 1, ("left", "right", "feature_idx")
        if nodes["is_categorical"].any():
            raise Refused("a tree that splits by categories")
    left, right, feature = (nodes[name][~leaf].astype(np.int64) for name in names)
    for child in (left, right):
        if ((child <= np.flatnonzero(~leaf)) | (child >= len(nodes))).any():
            raise Refused("a tree with a branch that leads nowhere")
    if not len(nodes) or ((feature < 0) | (feature >= features)).any():
        raise Refused("a tree that looks at a feature that is not there")


def _check_extent(part: dict, arrays: dict[str, np.ndarray]) -> None:
    """Refuse a tree with other nodes than it states, or without a value for each: what lies beyond would be read."""
    nodes, values = (_array_of_tree(part, name, arrays) for name in ("nodes", "values"))
    if _whole_number(_entries(part["content"]), "node_count") != len(nodes) or len(values) != len(nodes):
        raise Refused("a tree with another number of nodes than it states")
    if not values.size:
        raise Refused("a tree without values")


def _check_random_state(part: dict) -> None:
    """Refuse random numbers that go on from beyond their table."""
    place = _whole_number(_entries(_entries(part["content"])["state"]), "pos")
    if place is None or not 0 <= place <= RANDOM_NUMBERS:
        raise Refused(f"random numbers that go on from {place}")


def _array_of_tree(part: dict, name: str, arrays: dict[str, np.ndarray]) -> np.ndarray:
    """Return an array of a tree in a schema, a row for each node."""
    array = _entries(part["content"])[name]
    if (array["__loader__"], array["__class__"], array["type"]) != ("NdArrayNode", "ndarray", "numpy"):
        raise Refused(f"a tree whose {name} are no plain numbers")
    return arrays[array["file"]]


def _entries(part: dict) -> dict[str, dict]:
    """Return what stands in a dictionary of a schema; in anything else skops would not read it from there."""
    if part["__loader__"] != "DictNode":
        raise Refused(f"a {part['__loader__']!s:.40} in the place of a dictionary")
    return part["content"]


def _whole_number(entries: dict[str, dict], name: str) -> int | None:
    """Return a whole number in a dictionary of a schema; `None` if it has none of this name."""
    if name not in entries:
        return None
    number = parse_json(entries[name]["content"]) if entries[name]["__loader__"] == "JsonNode" else None
    if type(number) is not int:
        raise Refused(f"{name}, which is no whole number: {entries[name]!s:.100}")
    return number


def _renumber(part: Any, numbers: dict[int, int], names: dict[str, str]) -> Any:
    """Replace the addresses in a schema, and the names of files that are made of them, by 1, 2, ... in their order."""
    if isinstance(part, list):
        return [_renumber(element, numbers, names) for element in part]
    if not isinstance(part, dict):
        return part
    renumbered = {}
    for key, value in part.items():
        if key == "__id__":
            value = numbers.setdefault(value, len(numbers) + 1)
        elif key == "file" and isinstance(value, str):
            value = names.setdefault(value, f"{len(names) + 1}.npy")
        renumbered[key] = _renumber(value, numbers, names)
    return renumbered


def _without_padding(content: bytes) -> bytes:
    """Zero what lies between the fields of an array's rows: it is whatever was in the memory."""
    array = np.load(io.BytesIO(content), allow_pickle=False)
    if array.dtype.fields is None:
        return content
    clean = np.zeros(array.shape, array.dtype)
    for name in array.dtype.names:
        clean[name] = array[name]
    buffer = io.BytesIO()
    np.save(buffer, clean, allow_pickle=False)
    return buffer.getvalue()


def refusing_part(path: Path) -> AbstractContextManager[None]:
    """Turn whatever is raised while a part is read into the error for a part that is not loaded."""
    return border(
        f"The part {path} is refused, and was not loaded.",
        rule="It is a file of skops that holds nothing but scalers and classifiers (models/bundles/sklearn_part.py).",
        todo="Ask whoever gave it to you for a model without code in it.",
    )
