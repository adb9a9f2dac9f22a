"""The source that an experiment names: where it comes from, and whether it fits, before anything is computed."""

import difflib
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.store import read_json
from transferpain.core.yaml_file import suggest_file
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.models.bundles.manifest import MANIFEST, load_manifest, split_digest
from transferpain.models.sources.origin import BUILT, built_preprocessing
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.strategies.registry import STRATEGIES


def source_experiment(experiment: Experiment, folder: Path) -> Experiment | None:
    """Return the experiment that `source:` names, with `source_set`, or `None` if it names a bundle's folder.

    Raises:
        UserError: if it names neither, or a bundle with changes.
    """
    name, _ = split_digest(experiment.source)
    path = folder / f"{name}.yaml"
    if path.is_file():
        source = load_experiment(path, experiment.source_set)
        # What a source learned of true labels would be known in a null world, too; and no bit of it may hang on where
        # it was trained, where those of the experiment do not.
        inherited = {"null_draw": experiment.null_draw, "threads": source.threads or experiment.threads}
        changes = {key: value for key, value in inherited.items() if value is not None}
        return source.model_copy(update=changes) if changes else source
    if (Path(name) / MANIFEST).is_file() and not experiment.source_set:
        return None
    raise UserError(
        f"The source of {experiment.name} was not found.",
        rule="`source:` is `untrained`, `untrained-1`, `untrained-2`, `imagenet`, an experiment beside this one, or "
        "the folder of a shared model; `#sha256=...` behind the last two pins the model's digest, and `source_set` "
        "changes an experiment.",
        received=experiment.source,
        todo=_suggest_bundle(Path(name)) or suggest_file(path),
    )


def _suggest_bundle(named: Path) -> str:
    """Return which folder of a shared model may be meant; "" where none stands near it."""
    if (named.parent / MANIFEST).is_file():
        return f"Name the folder of the shared model: {named.parent}"
    near = difflib.get_close_matches(named.name, [path.parent.name for path in named.parent.glob(f"*/{MANIFEST}")], n=1)
    return f"Did you mean {named.parent / near[0]}?" if near else ""


def check_source_has_rows(experiment: Experiment, folder: Path) -> None:
    """Refuse to probe a source whose own data are not known."""
    if experiment.source in BUILT or source_experiment(experiment, folder) is None:
        raise UserError(
            f"The source of {experiment.name} cannot be probed.",
            rule="`probe_source` scores the source on the test rows of its own dataset, so it must be an experiment.",
            received=f"source: {experiment.source}",
            todo="Name an experiment as the source, or use --set probe_source=false.",
        )


def source_backbone(experiment: Experiment, folder: Path) -> str:
    """Return the backbone that an experiment's source states; "" where a bundle states none that is known.

    Whoever reads such a bundle as a source refuses it: a clip network, say.
    """
    if experiment.source in BUILT:
        return experiment.backbone
    source, (name, _) = source_experiment(experiment, folder), split_digest(experiment.source)
    if source is not None:
        return source.backbone
    stated = load_manifest(Path(name)).get("backbone")
    return stated if isinstance(stated, str) and stated in BACKBONES else ""


def settled(experiment: Experiment, folder: Path) -> Experiment:
    """Return an experiment with what its source decides: the backbone, and what size of faces a head's features read.

    Raises:
        UserError: if it states another backbone or size of faces, or the source was not found.
    """
    if experiment.source in BUILT:
        return experiment
    changes = {}
    backbone = source_backbone(experiment, folder)
    if backbone and backbone != experiment.backbone:
        if "backbone" in experiment.model_fields_set:
            raise UserError(
                f"The source {experiment.source} does not fit the backbone of {experiment.name}.",
                rule="The source decides over the backbone.",
                received=f"backbone: {experiment.backbone}; the source is a {backbone}",
                todo=f"Leave `backbone` out, or use --set backbone={backbone}, or another source.",
            )
        changes["backbone"] = backbone
    size = _bundle_size(experiment, folder)
    if size and "size" not in experiment.faces.model_fields_set and size != experiment.faces.size:
        changes["faces"] = experiment.faces.model_copy(update={"size": size})
    if changes:
        experiment = experiment.model_copy(update=changes)
    if size:
        STRATEGIES[experiment.strategy].check_size(experiment, size)
    return experiment


def _bundle_size(experiment: Experiment, folder: Path) -> int:
    """Return the size of faces that the features of a shared model read; 0 where nothing decides over it."""
    if STRATEGIES[experiment.strategy].reads != "features" or source_experiment(experiment, folder) is not None:
        return 0
    name, _ = split_digest(experiment.source)
    try:
        size = read_json(Path(name) / "preprocess.json")["size"]
    except (OSError, ValueError, KeyError, TypeError):
        return 0  # said by who reads the bundle
    return size if type(size) is int and size > 0 else 0


def own_preprocessing(experiment: Experiment) -> Preprocessing:
    """Return the preprocessing of a network that starts from nothing, or from ImageNet, which fixes the scaling."""
    scaling = experiment.images.scaling
    return built_preprocessing(experiment.source, experiment.backbone, experiment.faces, scaling)


def check_is_source(source: Experiment) -> None:
    """Refuse a source that is not an image model with exactly one training."""
    if not STRATEGIES[source.strategy].makes_sources or source.feature_layer != "embedding":
        makers = ", ".join(f"`{name}`" for name, one in STRATEGIES.items() if one.makes_sources)
        raise UserError(
            f"{source.name} cannot be a source.",
            rule="A source is an image model with an embedding: no head on features, no network without it, "
            "and none that reads landmarks, or whole windows of faces.",
            received=f"strategy {source.strategy}, feature_layer {source.feature_layer}",
            todo=f"Name an experiment whose strategy is {makers}, and whose feature_layer is `embedding`.",
        )
    protocol = source.protocol
    if len(source.seeds) > 1 or not (protocol.kind in ("holdout", "folders") or protocol.fold is not None):
        raise UserError(
            f"{source.name} cannot be a source.",
            rule="A source is trained once: one seed, and one split (`holdout`, `folders`, `grouped` with a `fold`).",
            received=f"seeds {list(source.seeds)}, protocol {protocol.kind}",
            todo="Use one seed and a fixed hold-out.",
        )
