"""The source that an experiment names: where it comes from, and whether it fits, before anything is computed."""

from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.yaml_file import suggest_file
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.models.bundles.manifest import MANIFEST, load_manifest, split_digest
from transferpain.models.sources.origin import BUILT
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.backbones.registry import BACKBONES


def source_experiment(experiment: Experiment, folder: Path) -> Experiment | None:
    """Return the experiment that `source:` names, with `source_set`, or `None` if it names a bundle's folder.

    Raises:
        UserError: if it names neither, or a bundle with changes.
    """
    name, _ = split_digest(experiment.source)
    path = folder / f"{name}.yaml"
    if path.is_file():
        return load_experiment(path, experiment.source_set)
    if (Path(name) / MANIFEST).is_file() and not experiment.source_set:
        return None
    raise UserError(
        f"The source of {experiment.name} was not found.",
        rule="`source:` is `untrained`, `imagenet`, an experiment beside this one, or the folder of a shared model; "
        "`#sha256=...` behind the last two pins the model's digest, and `source_set` changes an experiment.",
        received=experiment.source,
        todo=suggest_file(path),
    )


def check_source_has_rows(experiment: Experiment, folder: Path) -> None:
    """Refuse to probe a source whose own data are not known."""
    if experiment.source in BUILT or source_experiment(experiment, folder) is None:
        raise UserError(
            f"The source of {experiment.name} cannot be probed.",
            rule="`probe_source` scores the source on the test rows of its own dataset, so it must be an experiment.",
            received=f"source: {experiment.source}",
            todo="Name an experiment as the source, or use --set probe_source=false.",
        )


def check_adapts_source(experiment: Experiment, folder: Path) -> None:
    """Refuse a source that the experiment's adaptation cannot adapt, before the source is trained."""
    if experiment.adaptation is None:
        return
    backbone = experiment.backbone
    if experiment.source not in BUILT:
        source, (name, _) = source_experiment(experiment, folder), split_digest(experiment.source)
        backbone = source.backbone if source else str(load_manifest(Path(name)).get("backbone"))
    ADAPTATIONS[experiment.adaptation].check_source(experiment.source, backbone)


def own_preprocessing(experiment: Experiment) -> Preprocessing:
    """Return the preprocessing of a network that starts from nothing, or from ImageNet, which fixes the scaling."""
    weights = BACKBONES[experiment.backbone].imagenet if experiment.source == "imagenet" else None
    return Preprocessing(
        size=experiment.faces.size,
        scaling=weights.scaling if weights else experiment.images.scaling,
        detector=experiment.faces.detector,
        margin=experiment.faces.resolved_margin,
    )


def check_is_source(source: Experiment) -> None:
    """Refuse a source that is not an image model with exactly one training."""
    if source.strategy in ("frozen", "fused") or source.cut != "embedding":
        raise UserError(
            f"{source.name} cannot be a source.",
            rule="A source is an image model with an embedding: no head on features, no network cut below it, "
            "and none that reads landmarks.",
            received=f"strategy {source.strategy}, cut {source.cut}",
            todo="Name an experiment whose strategy is `head`, `progressive` or `full`, and whose cut is `embedding`.",
        )
    if len(source.seeds) > 1 or source.protocol.kind not in ("holdout", "folders"):
        raise UserError(
            f"{source.name} cannot be a source.",
            rule="A source is trained once: one seed, and one split (`holdout` or `folders`).",
            received=f"seeds {list(source.seeds)}, protocol {source.protocol.kind}",
            todo="Use one seed and a fixed hold-out.",
        )


def check_source_fits(experiment: Experiment, backbone: str, size: int) -> None:
    """Refuse a source before anything is computed: features need its size of faces, tuning its blocks by name.

    Args:
        backbone: of the source.
        size: side of the pictures that it reads.
    """
    if experiment.strategy == "frozen" and experiment.faces.size != size:
        raise UserError(
            f"The source {experiment.source} does not fit the faces of {experiment.name}.",
            rule=f"It reads faces of {size}x{size} pixels.",
            received=f"faces.size: {experiment.faces.size}",
            todo=f"Use --set faces.size={size}, or another source.",
        )
    if experiment.strategy != "frozen" and experiment.backbone != backbone:
        raise UserError(
            f"The source {experiment.source} does not fit the backbone of {experiment.name}.",
            rule=f"It is a {backbone}, and its blocks are trained by their names.",
            received=f"backbone: {experiment.backbone}",
            todo=f"Use --set backbone={backbone}, or another source.",
        )
