"""Whether a present setting can still use a file of the cache: by who made it, as the file itself says."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import PackageNotFoundError
from pathlib import Path
from typing import Literal, get_args

import pyarrow as pa
from numpy.lib import format as npy

from transferpain.core.errors import UserError
from transferpain.core.store import checksum_path, is_intact, read_json, read_made
from transferpain.data.media.medium import READER, READER_IDENTITY
from transferpain.experiments.caches.recipes import Recipes, read_recipes
from transferpain.inputs.faces.cache import stated_facts
from transferpain.inputs.faces.detectors import detector_identity
from transferpain.inputs.faces.makers import name_of, version_of
from transferpain.inputs.features.own_kinds.registry import OWN_KINDS
from transferpain.inputs.landmarks.mesh import mesh_identity
from transferpain.models.sources.face_settings import FaceSettings

State = Literal["usable", "former", "damaged", "leftover", "kept", "foreign", "unreadable"]
# What no present setting can use.
REMOVED: tuple[State, ...] = ("former", "damaged", "leftover")
FORMER_READER = "a former version read the video or pictures"
CHECKSUM = re.compile("[0-9a-f]{64}")
UNREADABLE = (pa.ArrowException, ValueError, KeyError, TypeError, EOFError, AttributeError)
KEPT = {
    "hashes": ("hashes of media", "by path and time of change"),
    "index": ("tables of datasets", "their data may be elsewhere"),
    "edge": ("converted networks of live mode", "their models may be elsewhere"),
    "downloads": ("interrupted transfers", "they go on where they were"),
}


@dataclass(frozen=True)
class Judged:
    """What something was made with, and whether it can be used; see `Entry`."""

    made: str
    state: State
    why: str = ""


Judges = Mapping[str, Callable[[Path], Judged]]


@dataclass(frozen=True)
class Present:
    """What finds faces and meshes here: name -> identity, `None` where it is not installed."""

    detectors: Mapping[str, str | None]
    meshes: Mapping[str, str | None]

    def judge(self, identity: str, made: str, known: Mapping[str, str | None]) -> Judged:
        """Judge what was made by `identity`, and is shown as `made`; later versions and absent ones are kept."""
        name = name_of(identity)
        if identity in known.values():
            return Judged(made, "usable")
        if name not in known:
            return Judged(made, "kept", f"{name} is not known to this version")
        here = known[name]
        if here is None:
            return Judged(made, "kept", f"{name} is not installed here; where it is, this can be used")
        if version_of(identity) < version_of(here):
            return Judged(made, "former", f"{' '.join(identity.split()[:2])} is not installed; {here} is")
        return Judged(made, "kept", f"not made by a former version: {here} is installed")


def find_present() -> Present:
    """Return what is installed here."""
    detectors = {}
    for name in get_args(FaceSettings.model_fields["detector"].annotation):
        try:
            detectors[name] = detector_identity(name)
        except (PackageNotFoundError, UserError):
            detectors[name] = None
    try:
        mesh = mesh_identity()
    except (PackageNotFoundError, UserError):
        return Present(detectors, {"mediapipe": None})
    return Present(detectors, {name_of(mesh): mesh})


@dataclass(frozen=True)
class Judge:
    """Judges the files of a workspace's cache.

    Attributes:
        workspace: holds `cache/`, and the runs and models whose sources features come from.
        verify: whether every byte is read.
    """

    workspace: Path
    verify: bool

    @cached_property
    def present(self) -> Present:
        return find_present()

    @cached_property
    def recipes(self) -> Recipes:
        return read_recipes(self.workspace)

    def measured(self, path: Path, known: Mapping[str, str | None]) -> Judged:
        """Judge a file of faces or landmarks."""
        try:
            facts = stated_facts(path)
        except (*UNREADABLE, OSError) as error:
            _refuse_unreadable(path, error)
            return self._broken(path)
        if facts.key != path.stem:
            return Judged(facts.detector, "kept", "its name is not its key")
        if broken := self._whole(path):
            return broken
        return _of_former_reader(facts.detector, facts.reader) or self.present.judge(
            facts.detector, facts.detector, known
        )

    def features(self, path: Path) -> Judged:
        """Judge a file of features."""
        try:
            with open(path, "rb") as file:
                npy.read_magic(file)
                shape, _, dtype = npy.read_array_header_1_0(file)
                whole = file.tell() + dtype.itemsize * shape[0] * shape[1] == path.stat().st_size
        except (*UNREADABLE, IndexError) as error:
            _refuse_unreadable(path, error)
            return self._broken(path)
        if not whole:
            return self._broken(path)
        if broken := self._whole(path):
            return broken
        made = read_made(path) or self.recipes.made(path.stem)
        if own := made.get("own"):
            known = any(own == kind.key[0] for kind in OWN_KINDS.values())
            return Judged(own, "usable") if known else Judged(own, "kept", "it is not known to this version")
        if not {"extractor", "dtype", "detector"} <= made.keys():
            return Judged("not stated", "kept", "no run or model here tells what made them")
        adapted = f", {made['adaptation']}" if "adaptation" in made else ""
        said = f"{self.recipes.name_of(made['extractor'][0])} in {made['dtype']}{adapted}, faces by {made['detector']}"
        former = _of_former_reader(said, made.get("reader", 1))
        return former or self.present.judge(made["detector"], said, self.present.detectors)

    def hybrid(self, folder: Path) -> Judged:
        """Judge the models of a fold of the strategy `hybrid`."""
        try:
            made = read_json(folder / "made.json")
            detector, mesh = made["detector"], made.get("mesh")
        except FileNotFoundError:
            # Its key does not name detectors: none that is asked for today is made so.
            return Judged("hybrid, version 2.0 or before", "former", "its key is of a former version")
        if made.get("reader") != READER_IDENTITY:
            return Judged(f"hybrid, {detector}", "former", FORMER_READER)
        judged = [self.present.judge(detector, detector, self.present.detectors)]
        if mesh is not None:
            judged.append(self.present.judge(mesh, mesh, self.present.meshes))
        said = "hybrid, " + " and ".join(one.made for one in judged)
        worst = next((one for state in ("former", "kept") for one in judged if one.state == state), judged[0])
        return Judged(said, worst.state, worst.why)

    def _whole(self, path: Path) -> Judged | None:
        """Return the verdict on a file that can be read but does not count; `None` if it does."""
        sidecar = checksum_path(path)
        if not sidecar.is_file():
            return Judged("", "damaged", "it has no checksum, and is computed again")
        if self.verify and not is_intact(path):
            return Judged("", "damaged", "its checksum is another one, and it is computed again")
        return None

    def _broken(self, path: Path) -> Judged:
        sidecar = checksum_path(path)
        first = sidecar.read_text(encoding="utf-8", errors="replace").split("\n")[0] if sidecar.is_file() else ""
        if CHECKSUM.fullmatch(first.strip()):
            return Judged("", "damaged", "it is cut short or damaged, and is computed again")
        return Judged("", "foreign", "its name is a key, but it is not of this toolkit")


def make_judges(workspace: Path, verify: bool) -> Judges:
    """Return what judges a file, or of `hybrid` a folder, by the folder of the cache that it stands in.

    Each raises `OSError` for what cannot be read, and one of `UNREADABLE` for what says nothing sensible of itself.
    """
    judge = Judge(workspace, verify)
    kept = {name: (lambda _, said=said: Judged(said[0], "kept", said[1])) for name, said in KEPT.items()}
    return {
        "faces": lambda path: judge.measured(path, judge.present.detectors),
        "landmarks": lambda path: judge.measured(path, judge.present.meshes),
        "features": judge.features,
        "hybrid": judge.hybrid,
        **kept,
    }


def _of_former_reader(made: str, reader: int) -> Judged | None:
    """Return the verdict on what was read from media as no present setting reads them; `None` if it was not."""
    return Judged(made, "former", FORMER_READER) if reader < READER else None


def _refuse_unreadable(path: Path, error: Exception) -> None:
    """Raise what only the system knows: a missing permission, a file that is gone."""
    if isinstance(error, FileNotFoundError | PermissionError):
        raise error
    with open(path, "rb"):
        pass
