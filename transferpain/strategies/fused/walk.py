"""The walk of the strategy `fused`: faces and landmarks -> windows of frames -> both branches, fold by fold."""

from pathlib import Path

import pandas as pd

from transferpain.core.cost import Meter
from transferpain.core.errors import UserError
from transferpain.core.quiet import import_tensorflow
from transferpain.data.places import Places
from transferpain.data.protocols.fold import Fold
from transferpain.experiments.plan import Plan
from transferpain.experiments.results import close_fold, finish, record_facts
from transferpain.inputs.landmarks.stage import compute_landmarks
from transferpain.strategies.fused.inputs import UNREADABLE, Clip, one_frame, read_clip

NOTHING_FOUND = "no frame has both a face and landmarks"


def run_fused(
    plan: Plan, faces: pd.DataFrame | None, unfinished: list[tuple[Fold, int]], places: Places, meter: Meter
) -> None:
    """Train the network, every fold with every seed that is left, and finish the run.

    Args:
        faces: the table of `compute_faces`; `None` where the dataset has no faces stage.

    Raises:
        UserError: if the dataset is one of single pictures.
    """
    if faces is None:
        raise UserError(
            f"{plan.index.dataset.name} cannot be used with the strategy `fused`.",
            rule="It follows landmarks through the frames of a clip.",
            received="pictures of faces, each by itself",
            todo="Name a dataset of videos or sequences.",
        )
    meter.save()
    landmarks = compute_landmarks(plan.clips, places.data_root, plan.experiment.landmarks, places.cache)
    meter.save()
    clips = read_clips(plan, faces, landmarks)
    stage = found_in_both(faces, clips)
    record_facts(plan, stage)
    if unfinished:
        import_tensorflow()
        axis, named = plan.experiment.fusion.axis, zip(plan.samples["file_clip"], plan.samples["row"], strict=True)
        read = [clips[name] if row < 0 else one_frame(clips[name], row, axis) for name, row in named]
        train(plan, read, unfinished, meter)
    finish(plan, stage, None)


def train(plan: Plan, clips: list[Clip], unfinished: list[tuple[Fold, int]], meter: Meter) -> None:
    """Train and close the folds that are left.

    Args:
        clips: one for each of the plan's samples.
    """
    from transferpain.networks.backbones.surgery import with_classes
    from transferpain.networks.training.determinism import make_deterministic
    from transferpain.strategies.fused.training import Recordings, train_fused

    make_deterministic()
    classes = len(plan.task.classes)
    data = Recordings(plan.samples, clips, classes, plan.preprocessing)
    vgg16 = with_classes(plan.origin.load().model, classes, plan.preprocessing.size, seed=0)
    for fold, seed in unfinished:
        trained = train_fused(plan.experiment, vgg16, data, (fold, seed), plan.run.fold(fold.name, seed))
        close_fold(plan, fold, seed, trained, trained.parts)
        meter.save()


def read_clips(plan: Plan, faces: pd.DataFrame, landmarks: pd.DataFrame) -> dict[str, Clip]:
    """Return clip -> its window of frames."""
    settings = plan.experiment.faces
    clips = {}
    for shown, mesh in zip(faces.itertuples(), landmarks.itertuples(), strict=True):
        clips[shown.clip] = UNREADABLE
        if not shown.problem and not mesh.problem:
            paths = Path(shown.faces), Path(mesh.landmarks)
            clips[shown.clip] = read_clip(*paths, settings, plan.experiment.fusion.frames)
    return clips


def found_in_both(faces: pd.DataFrame, clips: dict[str, Clip]) -> pd.DataFrame:
    """Return the table of the faces stage with those frames counted as found that also have landmarks."""
    found = faces["clip"].map(lambda clip: clips[clip].total_found)
    problem = faces["problem"].where((faces["problem"] != "") | (found > 0), NOTHING_FOUND)
    return faces.assign(found=found, problem=problem)
