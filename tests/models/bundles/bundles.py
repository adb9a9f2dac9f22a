"""Bundles small enough for a test, whole and hostile."""

import json
import tempfile
import zipfile
from collections.abc import Callable
from pathlib import Path

import keras
import numpy as np
import pytest

from transferpain.core.errors import UserError
from transferpain.core.store import write_json
from transferpain.models.bundles.bundle import read_bundle, save_bundle
from transferpain.models.bundles.manifest import (
    MANIFEST,
    SCALED_OUTSIDE,
    checksum,
    facts_of,
    read_manifest,
    write_manifest,
)
from transferpain.models.bundles.scaling import change_config as changed_file
from transferpain.models.bundles.scaling import without_scaling

PREPROCESSING = {"size": 32, "scaling": "unit"}
LABELS = ("none", "pain")
FACTS = {"synthetic": True, "parents": ["0" * 64]}
INPUTS = np.random.default_rng(0).random((3, 4), dtype=np.float32)


def small_model(seed: int = 0) -> keras.Model:
    """Return a head on four features."""
    features = keras.Input((4,), name="features")
    x = keras.layers.Dense(3, "relu", kernel_initializer=keras.initializers.HeNormal(seed=seed), name="hidden")(
        features
    )
    x = keras.layers.Dense(2, kernel_initializer=keras.initializers.HeNormal(seed=seed), name="logits")(x)
    return keras.Model(features, keras.layers.Activation("softmax", name="probabilities")(x), name="small")


def save_small(folder: Path, seed: int = 0) -> Path:
    """Save a bundle of `small_model`."""
    save_bundle(folder, small_model(seed), PREPROCESSING, LABELS, FACTS)
    return folder


def as_saved(model: keras.Model, scaling: str) -> keras.Model:
    """Return a network on scaled pictures as it comes back from a bundle: it takes pixels."""
    labels = tuple(map(str, range(model.output_shape[-1])))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "bundle"
        save_bundle(folder, model, {"scaling": scaling}, labels, {"synthetic": True})
        return read_bundle(folder).model


def as_former(folder: Path) -> Path:
    """Turn a bundle into one of the former layout, whose network reads scaled pictures."""
    path = folder / "model.keras"
    path.write_bytes(changed_file(path.read_bytes(), without_scaling))
    vouch_again(folder)
    manifest = json.loads((folder / MANIFEST).read_text()) | {"format": SCALED_OUTSIDE}
    write_json(folder / MANIFEST, manifest | {"checksum": checksum(manifest)})
    return folder


def vouch_again(folder: Path, **facts: object) -> None:
    """Write a manifest that is correct for whatever stands in the folder now, and states these facts, too."""
    manifest = json.loads((folder / MANIFEST).read_text())
    write_manifest(folder, facts_of(manifest) | facts)


def change_members(path: Path, change: Callable[[dict[str, bytes]], object]) -> None:
    """Let `change` edit the members of a zip, name -> bytes, and store it again."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def change_config(folder: Path, change: Callable[[dict], object]) -> None:
    """Let `change` edit the Keras configuration of a bundle's model, and vouch for the result."""

    def edit(members: dict[str, bytes]) -> None:
        config = json.loads(members["config.json"])
        change(config)
        members["config.json"] = json.dumps(config).encode()

    change_members(folder / "model.keras", edit)
    vouch_again(folder)


def assert_refused(bundle, reason: str) -> None:
    """Assert that the manifest is correct and the model is refused all the same, with this reason."""
    read_manifest(bundle)
    with pytest.raises(UserError, match=f"is refused, and was not loaded[\\s\\S]*Received: .*{reason}"):
        read_bundle(bundle)


class Evil:
    """Unpickled, it says so."""

    def __reduce__(self):
        return print, ("code runs",)
