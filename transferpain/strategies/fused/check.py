"""What the strategy `fused` goes with, told when an experiment file is read."""

from transferpain.experiments.schema import Experiment
from transferpain.inputs.landmarks.settings import LandmarkSettings
from transferpain.strategies.common.settings import RowSettings
from transferpain.strategies.fused.phases import BACKBONE, BRANCHES, WHOLE
from transferpain.strategies.fused.settings import FusionSettings


def check_fusion(experiment: Experiment) -> None:
    """Refuse settings that the strategy `fused` cannot follow, and its settings with any other.

    Raises:
        ValueError: that names the key.
    """
    fusion, training = experiment.fusion, experiment.training
    if experiment.strategy != "fused":
        if (fusion, experiment.landmarks) != (FusionSettings(), LandmarkSettings()):
            raise ValueError(f"fusion and landmarks: for strategy `fused` only, received `{experiment.strategy}`")
        return
    if experiment.backbone != BACKBONE.name:
        raise ValueError(f"backbone: `fused` reads pictures with {BACKBONE.title}, received `{experiment.backbone}`")
    if experiment.cut != "embedding" or experiment.rows != RowSettings() or experiment.probe_source:
        raise ValueError("cut, rows and probe_source: for strategies that train a network on pictures alone")
    if not experiment.images.takes_all_frames:
        raise ValueError("images.first_frame, every and test_every: `fused` takes `fusion.frames` frames of each clip")
    if training.kernel_l2 or training.augment.mixup or training.label_mode != "majority":
        raise ValueError("training.kernel_l2, augment.mixup and label_mode: `fused` knows none of them")
    if experiment.head.kind == "adaboost" and fusion.branches != "both":
        raise ValueError(f"head.kind: `adaboost` stands on both branches, received branches: `{fusion.branches}`")
    # Those of a branch that an ablation leaves out may stand in the file.
    known = (*BRANCHES, WHOLE)
    unknown = [name for name in experiment.phases if name not in known]
    if unknown or experiment.phases_up_to is not None:
        raise ValueError(
            f"phases: `fused` has {', '.join(known)}, all of them; received {', '.join(unknown) or 'fewer'}"
        )
