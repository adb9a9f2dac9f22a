"""What a user names a model by: its folder, that of its run, a zip file, or the name of either on this machine."""

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.record import DONE
from transferpain.core.spelling import nearest, quoted
from transferpain.models.bundles.archive import unpack_archive
from transferpain.models.bundles.manifest import MANIFEST, WITHOUT_MANIFEST, not_a_bundle, split_digest

NAME = re.compile(r"[A-Za-z0-9][\w.-]*")
HASH = re.compile(r"-[0-9a-f]{16}")  # behind the name of an experiment, in that of its run
RUN = "facts.json"  # which every folder of a run holds from its beginning
FORMS = "the folder of a run or of a model, a .zip file of one, or its name in weights/ or runs/"


def find_model(address: str | Path, workspace: Path = Path(".")) -> tuple[Path, str | None]:
    """Return where a model stands, a bundle's folder or a zip file, and the digest that is asked for.

    Args:
        address: the folder of a bundle or of a run, a `.zip` file, the name of a folder in `weights/` or `runs/`, or
            the name of an experiment with one finished run; with `#sha256=<digest>` where its origin is to be proved.
        workspace: where `weights/` and `runs/` are.

    Raises:
        UserError: if there is nothing of this name, or more than one run.
    """
    place, digest = split_digest(str(address))
    for folder in (Path(place), *_named(place, workspace)) if place else ():
        if (folder / "model" / MANIFEST).is_file():
            return folder / "model", digest
        if (folder / MANIFEST).is_file() or (folder == Path(place) and folder.is_file()):
            return folder, digest
    raise _no_model(place, workspace)


def find_run(place: str, workspace: Path = Path(".")) -> Path:
    """Return the folder of a run: the place itself, or what its name stands for as in `find_model`.

    Raises:
        UserError: if there is no finished run of this name, or more than one.
    """
    if Path(place).is_dir():
        return Path(place)
    folder, _ = find_model(place, workspace)
    if folder.name != "model":
        raise UserError(
            f"{place} is a model, and no run.", rule="A run is a folder in runs/.", received=folder, todo="Name a run."
        )
    return folder.parent


@contextmanager
def model_at_hand(address: str | Path, workspace: Path = Path(".")) -> Iterator[str]:
    """Give a model as the address of a bundle's folder, while the context lasts; a zip file is unpacked for so long.

    Args:
        address, workspace: as for `find_model`.

    Yields:
        The folder, of which nothing is verified yet, with `#sha256=<digest>` where one is asked for.

    Raises:
        UserError: as `find_model` and `unpack_archive`.
    """
    place, digest = find_model(address, workspace)
    pin = f"#sha256={digest}" if digest else ""
    if place.is_dir():
        yield f"{place}{pin}"
        return
    with tempfile.TemporaryDirectory(prefix="transferpain-") as scratch:
        folder = Path(scratch) / place.name.removesuffix(".zip")  # what is made of a model is called after its folder
        folder.mkdir()
        unpack_archive(place, folder)
        yield f"{folder}{pin}"


def _no_model(place: str, workspace: Path) -> UserError:
    """Return the error for what names no model, with what is nearest to it."""
    known = {path.name for top in ("weights", "runs") for path in workspace.glob(f"{top}/*") if path.is_dir()}
    experiments = {HASH.sub("", name): name for name in sorted(known)}
    for run in (Path(place), workspace / "runs" / place, workspace / "runs" / experiments.get(place, place)):
        if place and (run / RUN).is_file():
            is_finished = (run / DONE).is_file()
            goes_on = "what is missing is computed anew" if is_finished else "it goes on where it stopped"
            return UserError(
                f"The model of the run {run.name} is lost." if is_finished else f"The run {run.name} has no model yet.",
                rule="A run keeps its model once all of its trainings are finished.",
                received=place,
                todo=f"Run its experiment again: {goes_on}.",
            )
    if place and Path(place).is_dir():
        return not_a_bundle(Path(place), WITHOUT_MANIFEST)
    near = nearest(place, [*experiments, *known])
    todo = "Check the path; `transferpain models list` shows the models that are here."
    if "://" in place:
        todo = f"`transferpain models pull {place}` fetches it to this machine, if it is a model."
    elif near:
        todo = f"Did you mean `{near}`? `transferpain models list` shows the models that are here."
    return UserError("There is no such model.", rule=f"A model is named by {FORMS}.", received=quoted(place), todo=todo)


def _named(place: str, workspace: Path) -> list[Path]:
    """Return the folders that a name may stand for: a shared model, a run, or the one run of an experiment."""
    if not NAME.fullmatch(place):
        return []
    runs = sorted(
        path.parent.parent
        for path in workspace.glob(f"runs/{place}-*/model/{MANIFEST}")
        if HASH.fullmatch(path.parent.parent.name.removeprefix(place))
    )
    whole = [workspace / "weights" / place, workspace / "runs" / place]
    if len(runs) > 1 and not any(folder.is_dir() for folder in whole):
        raise UserError(
            f"{place} has several runs.",
            rule="One of them is named by its whole name.",
            received=", ".join(path.name for path in runs),
            todo="Name one of them.",
        )
    return [*whole, *runs]
