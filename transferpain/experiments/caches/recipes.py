"""Which features come from which faces: of those whose file does not say so, by the runs and models of the workspace.

A key is a hash, so that it tells nothing; but the keys that a run's settings give with the faces of the cache can be
made again, and a match leaves no doubt.
"""

from dataclasses import dataclass
from itertools import product
from pathlib import Path

from transferpain.core.schema import read_stamped
from transferpain.experiments.run_folder import FORMER
from transferpain.experiments.upgrade import read_experiment
from transferpain.inputs.faces.cache import FaceFacts, stated_facts
from transferpain.inputs.features.cache import feature_key
from transferpain.models.bundles.collection import find_models
from transferpain.models.bundles.manifest import load_manifest, manifest_hash

DTYPES = ("float32", "bfloat16")


@dataclass(frozen=True)
class Recipes:
    """What features of a workspace may have been made with.

    Attributes:
        names: hash of a source's weights -> what the source is called here.
        keys: key of features -> what they were made with, in the words of `read_made`.
    """

    names: dict[str, str]
    keys: dict[str, dict]

    def made(self, key: str) -> dict:
        """Return what the features with this key were made with; empty if nothing here gives the key."""
        return self.keys.get(key, {})

    def name_of(self, extractor: str) -> str:
        """Return what a source is called, by the hash of its weights; of any other, its first 12 digits."""
        return self.names.get(extractor, extractor[:12])


def read_recipes(workspace: Path) -> Recipes:
    """Read the runs and models of a workspace, and the faces in its cache; what is damaged is passed over."""
    weights, names = {}, {}
    for folder in find_models(workspace):
        try:
            manifest = load_manifest(folder)
            weights[manifest_hash(folder)] = manifest["weights_hash"]
        except Exception:  # as `foreign.border` says of readers
            continue
        names[manifest["weights_hash"]] = (folder.parent if folder.name == "model" else folder).name
    recipes = set()
    for path in sorted([*workspace.glob("runs/*/facts.json"), *workspace.glob(f"runs/*/{FORMER}*/facts.json")]):
        try:
            facts, settings = read_stamped(path), read_experiment(path.parent)["features"]
            source, canonical = facts["source"], facts["preprocessing"]
            # A network that is built, not read, has one hash for both.
            used = weights.get(source["hash"], source["hash"])
            names.setdefault(used, source["name"])
            recipes.add((used, canonical, settings["fps"], settings.get("frames")))
        except Exception:  # as above
            continue
    keys = {}
    if recipes:
        for facts, recipe in product(_faces(workspace / "cache" / "faces"), sorted(recipes, key=str)):
            keys |= _keys(facts, *recipe)
    return Recipes(names, keys)


def _faces(folder: Path) -> list[FaceFacts]:
    found = []
    for path in folder.glob("[0-9a-f][0-9a-f]/*.parquet"):
        try:
            found.append(stated_facts(path))
        except Exception:  # as above
            continue
    return found


def _keys(facts: FaceFacts, weights: str, canonical: str, fps: float | None, frames: int | None) -> dict[str, dict]:
    sampling = frames if frames is not None else None if fps is None else (facts.fps, float(fps))
    if isinstance(sampling, tuple) and not facts.fps > 0:
        return {}  # the rate came from the dataset's index
    made = {"extractor": [weights, canonical], "faces": facts.key, "sampling": sampling}
    made |= {"detector": facts.detector, "reader": facts.reader}
    return {feature_key((weights, canonical), facts.key, sampling, dtype): made | {"dtype": dtype} for dtype in DTYPES}
