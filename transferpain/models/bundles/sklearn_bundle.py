"""A bundle whose answer comes from no network: `parts/head.skops`, or trees of XGBoost, `parts/head.json`.

Its manifest says so in `answers`; its `weights_hash` is the SHA-256 of that file.
"""

import hashlib
import platform
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from transferpain.core.store import write_json
from transferpain.models.bundles.bundle import Bundle, check_facts, read_bundle, read_settings, write_bundle_folder
from transferpain.models.bundles.manifest import (
    HEAD,
    HEADS,
    TREES,
    Contents,
    answers_by,
    not_a_bundle,
    opened,
    write_manifest,
)
from transferpain.models.bundles.sklearn_part import load_part, part_bytes, refusing_part
from transferpain.models.bundles.xgboost_part import read_trees, trees_bytes
from transferpain.networks.heads.boosted_trees import BoostedTrees
from transferpain.networks.heads.sklearn_head import class_probabilities

NAME = "head"
VERSIONED = ("transferpain", "scikit-learn", "numpy")
PACKAGES = {HEAD: (), TREES: ("xgboost-cpu",)}  # what answers, besides


@dataclass(frozen=True)
class SklearnHead:
    """A classifier that answers as a network does.

    Attributes:
        classifier: fitted to features `(rows, D)` and to classes `0 .. classes - 1`, or to some of them.
        classes: number of classes, K.
    """

    classifier: Any
    classes: int

    @property
    def dimension(self) -> int:
        """Number of features that it reads, D."""
        return int(self.classifier.n_features_in_)

    def answer(self, x: np.ndarray) -> np.ndarray:
        """Return the probabilities of features, float32 `(rows, classes)`; as `class_probabilities`."""
        return class_probabilities(self.classifier, x, self.classes)


def save_head(folder: Path, classifier: Any, preprocessing: dict, labels: tuple[str, ...], facts: dict) -> str:
    """Write a bundle as `save_bundle` does, of a classifier instead of a network; returns its digest.

    Args:
        classifier: trees of XGBoost, or of scikit-learn, made of `sklearn_part.TYPES`, fitted to classes
            `0 .. len(labels) - 1`, or to some of them.
        preprocessing, labels, facts: as for `save_bundle`.

    Raises:
        ValueError: as `save_bundle`, `part_bytes`, `trees_bytes` and `class_probabilities`.
    """
    check_facts(facts)
    head = SklearnHead(classifier, len(labels))
    head.answer(np.zeros((1, head.dimension), np.float32))
    name = TREES if isinstance(classifier, BoostedTrees) else HEAD
    content = trees_bytes(classifier) if name == TREES else part_bytes(classifier)
    stated = {"answers": name, "weights_hash": hashlib.sha256(content).hexdigest()}
    versions = {"python": platform.python_version()} | {name: version(name) for name in VERSIONED}
    versions |= {package: version(package) for package in PACKAGES[name]}

    def write(temporary: Path) -> None:
        (temporary / name).parent.mkdir()
        (temporary / name).write_bytes(content)
        write_json(temporary / "preprocess.json", preprocessing)
        write_json(temporary / "labels.json", list(labels))
        write_manifest(temporary, facts | stated | {"versions": versions})

    return write_bundle_folder(folder, write)


def read_head(place: Path | Contents) -> Bundle:
    """Verify and read a bundle whose answer comes from a classifier; its `model` is a `SklearnHead`.

    Args:
        place: its folder, or what was read of it.

    Raises:
        UserError: as `load_part` and `read_trees`; or if the classifier does not answer, or the parts of the bundle do
            not fit.
    """
    contents = opened(place)
    manifest, (preprocessing, labels) = contents.manifest, read_settings(contents)
    name = answers_by(manifest)
    if name == TREES:
        classifier = read_trees(contents.files[TREES], len(labels), contents.folder / TREES)
    else:
        classifier = load_part(contents, NAME)
    head = SklearnHead(classifier, len(labels))
    with refusing_part(contents.folder / name):
        head.answer(np.zeros((1, head.dimension), np.float32))
    if manifest["weights_hash"] != manifest["files"][name]["sha256"]:
        raise not_a_bundle(contents.folder, f"a manifest whose weights_hash is not that of {name}")
    return Bundle(head, preprocessing, labels, manifest, contents.digest)


def read_any_bundle(place: Path | Contents) -> Bundle:
    """Verify and read a bundle of either kind; its `model` is a Keras model or a `SklearnHead`.

    Raises:
        UserError: as `read_bundle` and `read_head`.
    """
    contents = opened(place)
    return read_head(contents) if answers_by(contents.manifest) in HEADS else read_bundle(contents)
