"""The models on this machine: in weights/ and in finished runs; and whether a model's parents are among them."""

from dataclasses import dataclass
from pathlib import Path

from transferpain.core.errors import UserError, printable
from transferpain.core.foreign import border, parse_json
from transferpain.core.synthetic_faces import faces_of
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


@dataclass(frozen=True)
class Parent:
    """A model that another one descends from.

    Attributes:
        digest: of its manifest.
        folder: where it stands; `None` where it is not here.
        name: what the other one calls it; empty where it does not.
    """

    digest: str
    folder: Path | None
    name: str = ""

    def __str__(self) -> str:
        named = f"{self.name}, " if self.name else ""
        return str(self.folder) if self.folder else printable(f"not here: {named}{self.digest}")


def check_parents(folder: Path, models: list[Path]) -> list[Parent]:
    """Find the models that a bundle descends from, the nearest first, and compare what it says of them.

    A parent that is not here is named: the model itself is whole without it.

    Args:
        models: where parents may stand.

    Raises:
        UserError: if the bundle keeps silent about something that it inherited from a parent that is here.
    """
    child, known = load_manifest(folder), by_digest(models)
    digests = child.get("parents", [])
    names = [str(child.get("start", "")), *[""] * len(digests)]  # it names what it started from, not what that did
    parents = [Parent(digest, known.get(digest), name) for digest, name in zip(digests, names, strict=False)]
    for place, parent in enumerate(parents):
        if parent.folder is not None:
            check_inheritance(folder, child, parent.folder, digests[place + 1 :])
    return parents


def by_digest(models: list[Path]) -> dict[str, Path]:
    """Return where the models stand, by their digests, and those that shipped copies had before; no damaged ones."""
    known = {}
    for model in models:
        listed = list_model(model)
        if not listed.problem:
            known[listed.digest] = model
            known.setdefault(load_manifest(model).get("original") or listed.digest, model)
    return known


def check_inheritance(folder: Path, child: dict, parent_folder: Path, beyond: list[str]) -> None:
    """Refuse a bundle that leaves out what a parent states: that it is synthetic, its terms, its parents.

    Args:
        beyond: the digests that the bundle states behind this parent's.
    """
    parent = load_manifest(parent_folder)
    faults = []
    if parent["synthetic"] and not child["synthetic"]:
        faults.append("that synthetic faces took part")
    elif not set(faces_of(parent)) <= set(faces_of(child)):
        faults.append("what the synthetic faces are called")
    if parent.get("parents", []) != beyond:
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
