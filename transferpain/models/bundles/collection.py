"""The models on this machine: in weights/ and in finished runs; and whether a model's parents are among them."""

from dataclasses import dataclass
from pathlib import Path

from transferpain.core.errors import UserError, printable
from transferpain.core.foreign import border, parse_json
from transferpain.evaluation.formatting import with_interval
from transferpain.models.bundles.manifest import MANIFEST, load_manifest, load_stated, read_listed
from transferpain.models.bundles.terms import restricting

METRICS = "metrics.json"


@dataclass(frozen=True)
class Listed:
    """One line of the list: what a manifest says; the files are not verified for it.

    Attributes:
        problem: why it is no readable bundle; empty if it is one.
        digest: the SHA-256 of its manifest.
    """

    folder: Path
    dataset: str = ""
    score: str = ""
    sharing: str = ""
    digest: str = ""
    problem: str = ""


def find_models(workspace: Path) -> list[Path]:
    """Return the folders of shared models and of finished runs' models, by name."""
    manifests = [*workspace.glob(f"weights/*/{MANIFEST}"), *workspace.glob(f"runs/*/model/{MANIFEST}")]
    return sorted(path.parent for path in manifests)


def list_model(folder: Path) -> Listed:
    """Say what a bundle is, from its manifest and scores."""
    try:
        manifest, digest = load_stated(folder)
        score = score_of(folder, manifest)
    except UserError as error:
        return Listed(folder, problem=str(error).splitlines()[0])
    owners = restricting(manifest)
    sharing = "terms unknown" if owners is None else "may be shared"
    if owners:
        sharing = printable("ask " + ", ".join(one.dataset for one in owners))
    if manifest.get("permission"):
        sharing = "by permission"
    twin = " (SYNTHETIC)" if manifest["synthetic"] else ""
    return Listed(
        folder,
        dataset=printable(str(manifest.get("dataset", ""))) + twin,
        score=score,
        sharing=sharing,
        digest=digest,
    )


def score_of(folder: Path, manifest: dict) -> str:
    """Return a bundle's balanced accuracy, with its interval where there is one; `-` without scores.

    Raises:
        UserError: if its scores are damaged.
    """
    if METRICS not in manifest["files"]:
        return "-"
    content = read_listed(folder, manifest, METRICS)
    with border(f"The bundle {folder} is damaged: {METRICS} holds no scores.", rule="", todo="Get the bundle again."):
        score = parse_json(content)["all"]["balanced_accuracy"]
        return with_interval(score["value"], score["low"], score["high"], digits=2, undefined="-")


def check_parents(folder: Path, models: list[Path]) -> list[Path]:
    """Find the models that a bundle descends from, the nearest first, and compare what it says of them.

    Args:
        models: where parents may stand.

    Raises:
        UserError: if one is not there, or the bundle keeps silent about something that it inherited.
    """
    child = load_manifest(folder)
    known = {}
    for model in models:
        listed = list_model(model)
        if not listed.problem:
            known[listed.digest] = model
            known.setdefault(load_manifest(model).get("original") or listed.digest, model)
    missing = [digest for digest in child.get("parents", []) if digest not in known]
    if missing:
        raise UserError(
            f"A parent of {folder} is not there.",
            rule="Each model that it descends from is looked for by its digest in weights/ and runs/.",
            received=f"no model with the manifest {', '.join(missing)}",
            todo="Fetch the parent, or verify without --parents: the model itself is whole without it.",
        )
    parents = [known[digest] for digest in child.get("parents", [])]
    if parents:
        check_inheritance(folder, child, parents[0])
    return parents


def check_inheritance(folder: Path, child: dict, parent_folder: Path) -> None:
    """Refuse a bundle that leaves out what its nearest parent states: that it is synthetic, its terms, its parents."""
    parent = load_manifest(parent_folder)
    faults = []
    if parent["synthetic"] and not child["synthetic"]:
        faults.append("that drawn faces took part")
    if parent.get("parents", []) != child["parents"][1:]:
        faults.append("its parents")
    stated = child.get("terms")
    if stated is not None and not all(terms in stated for terms in parent.get("terms") or [None]):
        faults.append("the terms of its data")
    if faults:
        raise UserError(
            f"{folder} does not state what it inherited.",
            rule=f"A model passes on what its parent says, here {parent_folder}.",
            received=f"left out: {', '.join(faults)}",
            todo="Ask whoever gave you the model.",
        )
