"""Everything that can be checked of a model that somebody passed on."""

from dataclasses import dataclass
from pathlib import Path

from transferpain.core.errors import printable
from transferpain.core.quiet import import_tensorflow
from transferpain.models.bundles.bundle import check_fits, pixel_network, read_settings
from transferpain.models.bundles.collection import check_parents, find_models
from transferpain.models.bundles.guard import check_model
from transferpain.models.bundles.manifest import (
    NETWORK,
    TREES,
    Contents,
    answers_by,
    read_complete_contents,
    split_digest,
)
from transferpain.models.bundles.probe import other_versions, read_probe, reproduce
from transferpain.models.bundles.sklearn_part import check_part, part_names
from transferpain.models.bundles.terms import restricting
from transferpain.models.bundles.training_log import read_log
from transferpain.models.bundles.xgboost_part import read_trees
from transferpain.models.sources.preprocessing import stated_preprocessing


@dataclass(frozen=True)
class Line:
    """What was checked, and what was found."""

    what: str
    result: str
    good: bool = True


def verify_model(address: str, workspace: Path | None, rerun: bool) -> list[Line]:
    """Check a model's files, that no code is in it, what it descends from, and that it gives the same numbers.

    Args:
        address: its folder, with `#sha256=<digest>` where its origin is to be proved.
        workspace: where the models that it descends from are looked for; `None` does not look.
        rerun: whether the probe is run again, for which a network needs TensorFlow.

    Raises:
        UserError: at the first thing that makes the model one not to be used.
    """
    place, digest = split_digest(address)
    contents = read_complete_contents(Path(place), digest)
    folder, manifest = contents.folder, contents.manifest
    check_contents(contents)
    lines = [
        Line("files", f"{len(manifest['files'])} files, each as the manifest states"),
        Line("digest", contents.digest + (" as asked for" if digest else "")),
        Line("code", "none: known layers and plain numbers only"),
        Line("data", describe_data(manifest)),
    ]
    if workspace is not None:
        parents = check_parents(folder, find_models(workspace))
        lines.append(Line("parents", ", ".join(map(str, parents)) or "none"))
    if rerun:
        if answers_by(manifest) == NETWORK:
            import_tensorflow()
        lines += [Line("versions", f"warning: {sentence}") for sentence in other_versions(manifest)]
        lines += [
            Line(
                f"same numbers, {one.dtype}",
                f"{'yes' if one.agrees else 'NO'}: largest difference {one.difference:.1e}, allowed {one.tolerance:g}",
                one.agrees,
            )
            for one in reproduce(contents)
        ]
    return lines


def check_contents(contents: Contents) -> None:
    """Check what is in the files of a complete bundle: no code, plain numbers, settings and a log that can be read.

    Raises:
        UserError: as `check_model`, `pixel_network`, `read_probe`, `read_log`, `read_settings`, `stated_preprocessing`,
            `read_trees` and `check_part`.
    """
    preprocessing, labels = read_settings(contents)
    if preprocessing:  # a head on features has none
        stated_preprocessing(preprocessing, contents.folder)
    if answers_by(contents.manifest) == NETWORK:
        check_fits(check_model(contents.files[NETWORK], contents.folder / NETWORK), preprocessing, contents.folder)
        pixel_network(contents, preprocessing)
    read_probe(contents)
    read_log(contents)
    if answers_by(contents.manifest) == TREES:
        read_trees(contents.files[TREES], len(labels), contents.folder / TREES)
    for name in part_names(contents.manifest):
        check_part(contents.files[name], contents.folder / name)


def describe_data(manifest: dict) -> str:
    """Say on what a model was trained, and whether it may be passed on."""
    terms = manifest.get("terms")
    if terms is None:
        return "not stated: not to be passed on"
    names = ", ".join(one["dataset"] + (" (SYNTHETIC twin)" if one["synthetic"] else "") for one in terms)
    return printable(names) + (": not to be passed on without permission" if restricting(manifest) else "")


def read_card(address: str) -> str:
    """Return a model's card, verified and fit for a terminal."""
    place, digest = split_digest(address)
    contents = read_complete_contents(Path(place), digest)
    return printable(contents.files["README.md"].decode("utf-8", errors="replace"))
