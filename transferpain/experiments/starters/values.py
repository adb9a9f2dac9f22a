"""What the files of a start say of a folder of clips and of the source."""

import os
import shlex
from pathlib import Path
from typing import Any

import yaml

import transferpain
from transferpain.core.errors import UserError, printable
from transferpain.data.datasets.index import Index
from transferpain.data.places import find_places
from transferpain.experiments.starters.classes import Classes
from transferpain.experiments.starters.reading import propose_reading
from transferpain.inputs.features.own import own_clips
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.models.bundles.manifest import MANIFEST
from transferpain.models.sources.face_settings import FaceSettings
from transferpain.models.sources.origin import (
    BUILT,
    UNTRAINED,
    WITHOUT_NETWORK,
    built_origin,
    built_preprocessing,
    bundle_origin,
)
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.networks.backbones.registry import DEFAULT as DEFAULT_BACKBONE
from transferpain.networks.heads.registry import HEADS

SHARED = Path("weights") / "ferplus-resnet18"
GROUPS = 5
BUILT_SIZE = 96  # pixels of a face, where the source is no trained one


def common_values(name: str, data_root: Path, out: Path, classes: Classes) -> dict[str, Any]:
    """Return what all files say: names, places and classes."""
    return {
        "name": name,
        "folder": printable(shlex.quote(out.as_posix())).replace("\n", "?"),
        "data_root": printable(root_option(data_root)).replace("\n", "?"),
        "task": as_yaml((out / f"{name}-task.yaml").as_posix()),
        "classes": as_yaml(list(classes.names)),
        "ordinal": as_yaml(classes.ordinal),
        "rule": f"{next(iter(classes.rule))}: {as_yaml(next(iter(classes.rule.values())))}",
        "description": as_yaml(f"The labels of {name}, as its index has them."),
        "definition": as_yaml("as noted in index.csv"),
    }


def source_values(source: str | None) -> dict[str, Any]:
    """Return what the files say of the source: the given one, else the shared model that comes with the toolkit.

    Raises:
        UserError: if there is no such source.
    """
    if source is None:
        places = (SHARED, Path(transferpain.__file__).parents[1] / SHARED)
        there = next((place for place in places if (place / MANIFEST).is_file()), None)
        if there is None:
            raise UserError(
                "The shared model that comes with the toolkit is not on this machine.",
                rule=f"It is looked for in {SHARED}.",
                todo="Name a source: --source FOLDER of a model, or --source untrained.",
            )
        source = there.as_posix()
    if source in BUILT and source not in WITHOUT_NETWORK:
        backbone = DEFAULT_BACKBONE if source in UNTRAINED else _with_imagenet()
        origin = built_origin(
            source, backbone, built_preprocessing(source, backbone, FaceSettings(size=BUILT_SIZE), "symmetric")
        )
    else:
        origin = bundle_origin(source, Path(source))
    other = "untrained-1" if source == "untrained" else "untrained"
    changes = {"source": other, "images": {"scaling": origin.preprocessing.scaling}}
    return {
        "source": as_yaml(source),
        "backbone": origin.backbone,
        "size": origin.preprocessing.size,
        "other_source": other,
        "other_set": as_yaml(changes),
    }


def _with_imagenet() -> str:
    return next(backbone.name for backbone in BACKBONES.values() if backbone.imagenet)


def reading_values(index: Index) -> dict[str, Any]:
    """Return what the files say of how clips are read, and of groups of subjects."""
    reading = propose_reading(index.clips, index.data_root)
    return {
        "features": as_yaml(reading.features),
        "window": as_yaml(reading.window),
        "own_window": reading.window,
        "every": reading.every,
        "spread": reading.spread,
        "folds": min(GROUPS, index.clips["subject"][index.clips["label"].notna()].nunique()),
    }


def refuse_signals(index: Index) -> None:
    """Refuse clips that are tables of signals: what their columns are, nobody can tell but the user.

    Raises:
        UserError: if any is.
    """
    if (index.clips["kind"] == "signals").any():
        raise UserError(
            f"Clips of {index.dataset.name} are tables without action units: of signals, or of something else.",
            rule="Which of their columns are read, and as what, stands in an experiment file (docs/signals.md).",
            received=", ".join(index.clips["media"][index.clips["kind"] == "signals"].head(3)),
            todo="Write one by hand, with source: {signal_measures: FOLDER, rate: SAMPLES A SECOND, channels: ...}.",
        )


def own_features_values(index: Index, source: str | None, test_on: str | None) -> dict[str, Any]:
    """Return what the file says of clips that are own features and nothing else.

    Raises:
        UserError: if a source or another dataset is asked for; and as `own_clips`.
    """
    if source is not None or test_on is not None:
        raise UserError(
            f"The clips of {index.dataset.name} are own features, or tables of action units.",
            rule="They need no source, and are not comparable with those of another dataset unless made alike.",
            received=f"--source {source}" if source is not None else f"--test-on {test_on}",
            todo="Leave the option out.",
        )
    files = index.clips["kind"].iloc[0]
    settings = FeatureSettings(folder=index.dataset.name, files=files)
    rows = own_clips(index.clips, settings, index.data_root)["num_frames"]
    window = {"frames": int(rows.min())} if rows.nunique() > 1 or settings.whole_clip else {}
    of_frames, of_windows = (
        ", ".join(head.name for head in HEADS.values() if head.reads == reads) for reads in ("frame", "window")
    )
    heads = of_frames if settings.whole_clip else f"{of_frames}; on windows of frames {of_windows}"
    return {"files": files, "heads": heads, "window": as_yaml(window)}


def root_option(data_root: Path) -> str:
    """Return the option that names a data root, with a blank before it; "" where it is the one that is looked in."""
    usual = find_places(None, Path()).data_root
    same = os.path.abspath(usual) == os.path.abspath(data_root)
    return "" if same else f" --data-root {shlex.quote(str(data_root))}"


def as_yaml(value: Any) -> str:
    """Return a value as YAML in one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, sort_keys=False, width=float("inf"))
    return text.removesuffix("...\n").strip()
