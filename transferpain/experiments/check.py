"""Whether an experiment can be computed here, found out before anything is."""

from pathlib import Path

from transferpain.core.assets.asset import is_here
from transferpain.core.errors import NotHere
from transferpain.data.places import Places
from transferpain.experiments.chosen_source import (
    check_is_source,
    check_source_has_rows,
    settled,
    source_backbone,
    source_experiment,
)
from transferpain.experiments.members import check_members, with_members
from transferpain.experiments.runner import check_detectors, find_origin
from transferpain.experiments.samples import labelled_samples, split_samples
from transferpain.experiments.schema import Experiment
from transferpain.models.sources.origin import BUILT
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.strategies.registry import STRATEGIES


def check_experiment(experiment: Experiment, folder: Path, places: Places) -> int:
    """Check an experiment, and those of its sources, as far as that is possible without computing anything.

    Returns:
        Side in pixels of the pictures that its network reads.

    Raises:
        NotHere: if a dataset, or the file of ImageNet's weights, is not on this machine.
        UserError: if its parts do not fit together.
    """
    experiment = settled(experiment, folder)
    check_detectors(experiment, folder, places)
    source = None if experiment.source in BUILT else source_experiment(experiment, folder)
    if source is not None:
        check_is_source(source)
        size = check_experiment(source, folder, places)
    else:
        size = find_origin(experiment, folder, places).preprocessing.size
    strategy = STRATEGIES[experiment.strategy]
    strategy.check_backbone(experiment, source_backbone(experiment, folder))
    strategy.check_size(experiment, size)
    for part in experiment.joined or (experiment,):
        weights = BACKBONES[part.backbone].imagenet
        if part.source == "imagenet" and not is_here(weights.asset):
            todo = f"Get it with `transferpain assets fetch {weights.asset.name}`."
            raise NotHere("The file of ImageNet's weights is not on this machine.", todo=todo)
    if experiment.probe_source:
        check_source_has_rows(experiment, folder)
    task, index, samples = labelled_samples(experiment, places)
    split = split_samples(experiment, samples)
    samples, folds = split
    clips = index.clips[index.clips["clip"].isin(samples["file_clip"])].reset_index(drop=True)
    strategy.check_clips(experiment, clips)
    strategy.check_samples(experiment, task, index, samples, folds)
    strategy.check_files(experiment, clips, places)
    strategy.inputs(experiment, places)
    check_members(with_members(experiment, places), places, task, (index.hash, places.contents(clips)), split)
    is_faces_stage = (index.clips["kind"] != "image_rows").all()
    return experiment.faces.size if is_faces_stage else experiment.images.size
