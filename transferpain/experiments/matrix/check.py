"""Whether the cells of a matrix can be computed here, found out before any of them is."""

from pathlib import Path

from transferpain.core.assets.asset import is_here
from transferpain.core.errors import NotHere, UserError
from transferpain.data.places import Places
from transferpain.experiments.chosen_source import check_is_source, source_backbone, source_experiment
from transferpain.experiments.matrix.cells import Cell
from transferpain.experiments.matrix.grouped import check_bundle
from transferpain.experiments.runner import check_detectors, find_origin
from transferpain.experiments.samples import labelled_samples, split_samples
from transferpain.experiments.schema import Experiment
from transferpain.models.sources.origin import BUILT
from transferpain.networks.backbones.registry import BACKBONES
from transferpain.strategies.registry import STRATEGIES


def absent_cells(cells: list[Cell], folder: Path, places: Places) -> dict[str, str]:
    """Return name -> reason of the cells whose data, or whose source's, are not on this machine.

    Raises:
        UserError: if any other cell cannot be computed: all such cells are named.
    """
    absent, impossible = {}, []
    for cell in cells:
        try:
            for part in cell.parts:
                check_bundle(part)
                check_experiment(part, folder, places)
        except NotHere as error:
            absent[cell.name] = str(error).splitlines()[0]
        except UserError as error:
            impossible.append(f"{cell.name}: {error}")
    if impossible:
        raise UserError(
            f"{len(impossible)} of {len(cells)} cells cannot be computed; nothing was started.",
            rule="Data, task, protocol, source and head of every cell must fit together.",
            received="\n\n".join(impossible[:3]) + ("\n\n..." if len(impossible) > 3 else ""),
            todo="Mend the matrix file, or leave these cells out with --where.",
        )
    return absent


def check_experiment(experiment: Experiment, folder: Path, places: Places) -> int:
    """Check an experiment, and those of its sources, as far as that is possible without computing anything.

    Returns:
        Side in pixels of the pictures that its network reads.

    Raises:
        NotHere: if a dataset, or the file of ImageNet's weights, is not on this machine.
        UserError: if its parts do not fit together.
    """
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
    weights = BACKBONES[experiment.backbone].imagenet
    if experiment.source == "imagenet" and not is_here(weights.asset):
        todo = f"Get it with `transferpain assets fetch {weights.asset.name}`."
        raise NotHere("The file of ImageNet's weights is not on this machine.", todo=todo)
    _, index, samples = labelled_samples(experiment, places)
    split_samples(experiment, samples)
    is_faces_stage = (index.clips["kind"] != "image_rows").all()
    return experiment.faces.size if is_faces_stage else experiment.images.size
