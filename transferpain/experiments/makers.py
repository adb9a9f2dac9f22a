"""What found the faces and meshes of a run: folds of two versions never stand in one, and a note says whose it is."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from transferpain.core.errors import UserError
from transferpain.core.numerics import differences
from transferpain.core.progress import note
from transferpain.core.record import fault_of, foreign, read_record
from transferpain.core.validation import validate
from transferpain.data.media.medium import READER_IDENTITY
from transferpain.experiments.environment import FRAMEWORKS, environment
from transferpain.experiments.plan import RunPlan
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.schema import Experiment
from transferpain.experiments.upgrade import read_experiment
from transferpain.inputs.faces.detectors import DISTRIBUTIONS, detector_identity
from transferpain.inputs.landmarks.mesh import mesh_identity
from transferpain.strategies.registry import STRATEGIES

UNKNOWN = "what its folder does not say"
NO_DETECTOR = "detect(none,"
# How a mesh was named when runs stated versions of packages only, up to 2.0.
FORMER_MESH = "mediapipe {} face mesh"


def makers_today(experiment: Experiment, has_faces_stage: bool) -> dict[str, str]:
    """Return what finds an experiment's faces and meshes here, with versions.

    Returns:
        `detector`, `reader` (of videos and pictures) and, if it is read, `mesh`.
    """
    if not has_faces_stage:
        return {}
    makers = {"detector": detector_identity(experiment.faces.detector), "reader": READER_IDENTITY}
    if STRATEGIES[experiment.strategy].reads_mesh(experiment):
        makers["mesh"] = mesh_identity()
    return makers


def makers_before(run: RunFolder, detector: str) -> dict[str, str]:
    """Return what found the faces and meshes of a run that was started before, as far as its folder tells.

    Args:
        detector: its detector's name.
    """
    facts = _stated(run.facts)
    versions = _versions(run)
    makers = {}
    if (version := versions.get(DISTRIBUTIONS[detector])) is not None:
        makers["detector"] = f"{detector} {version}"
    if (version := versions.get("mediapipe")) is not None:
        makers["mesh"] = FORMER_MESH.format(version)
    return makers | run.makers() | {key: facts[key] for key in ("detector", "reader", "mesh") if key in facts}


def go_on_or_apart(plan: RunPlan) -> None:
    """Let what a run has computed so far stand, or put it aside if another version of its detector or mesh was at work.

    To be called while the run is locked, before anything is written to it. A note says what happens.
    """
    if not any(plan.run.path.glob("folds/*")):
        return
    experiment = plan.experiment
    today = makers_today(experiment, plan.has_faces_stage)
    before = makers_before(plan.run, experiment.faces.detector)
    changed = [key for key in today if before.get(key) != today[key]]
    if changed:
        aside = plan.run.put_aside()
        note(
            f"{experiment.name} was begun with {_several(before.get(key, UNKNOWN) for key in changed)}: it is computed "
            f"again with {_several(today[key] for key in changed)}. The former work is kept in {aside}."
        )
        return
    today = environment()
    for name, version in _versions(plan.run).items():
        if name in FRAMEWORKS and version != today["versions"][name]:
            now = today["versions"][name]
            note(f"warning: {experiment.name} was begun with {name} {version}, and goes on with {now}.")
    before = _stated(plan.run.environment).get("numerics")
    for name, (then, now) in differences(before, today["numerics"]).items():
        note(
            f"warning: {experiment.name} was begun with {name} {then}, and goes on with {now}: the last bits of its "
            "folds may differ from those of a run that was never interrupted."
        )


def not_of(plan: RunPlan, folder: Path) -> str:
    """Return whose the whole results of a fold are, if not the plan's: another run's, fold's or detector's.

    They may have been put there by hand, or come back from a copy. Empty where they are damaged, or tell nothing.
    """
    try:
        record = read_record(folder)
        if not record or fault_of(folder, record):
            return ""
    except (OSError, UserError):
        return ""
    today, stated = makers_today(plan.experiment, plan.has_faces_stage), record.get("makers")
    before = stated if isinstance(stated, dict) else {}
    others = [str(before[key]) for key in today if before.get(key, today[key]) != today[key]]
    return foreign(record, folder, plan.run.path.name) or (f"made with {_several(others)}" if others else "")


def note_finished_before(runs: Iterable[RunFolder]) -> None:
    """Say, once, which finished runs other versions of detectors or meshes made: they are used as they are."""
    former, makers = [], []
    for run in runs:
        if changed := finished_with(run):
            former.append(run.path.name)
            makers += changed
    if former:
        note(
            f"warning: {', '.join(former)}: finished with {_several(makers)}, which is not installed, and used as it "
            "is. To compute a run again with what is installed, move its folder out of runs/."
        )


def finished_with(run: RunFolder) -> list[str]:
    """Return the former versions of detector and mesh that a finished run was made with; none where nobody can tell."""
    try:
        values = {key: value for key, value in read_experiment(run.path).items() if key != "schema"}
        experiment = validate(Experiment, values, run.path / "experiment.yaml")
        has_faces_stage = not run.facts()["preprocessing"].startswith(NO_DETECTOR)
        today = makers_today(experiment, has_faces_stage)
        before = makers_before(run, experiment.faces.detector)
    except Exception:  # what is damaged is told by who reads it
        return []
    return [before[key] for key in today if before.get(key, today[key]) != today[key]]


def _versions(run: RunFolder) -> dict[str, str]:
    return _stated(run.environment).get("versions") or {}


def _stated(read: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    try:
        return read()
    except (OSError, UserError):
        return {}


def _several(makers: Iterable[str]) -> str:
    return " and ".join(dict.fromkeys(makers))
