"""Grouped folds: a source that may have seen a tested subject is trained anew for each fold, without its subjects.

Datasets with an official split keep it. Of the others all subjects are tested, each in one group. Where none of its
own subjects is tested, whoever learns from such a dataset leaves out its first group, as in the first fold.
"""

from collections.abc import Mapping
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.overrides import merge
from transferpain.data.protocols.kinds import grouped, grouped_cross_dataset
from transferpain.data.protocols.kinds.registry import KINDS
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.data.protocols.subject_lists import FIXED_HOLDOUTS, OFFICIAL_HOLDOUTS
from transferpain.data.tasks.task import load_task
from transferpain.experiments.chosen_source import source_experiment
from transferpain.experiments.leakage.lineage import read_lineage
from transferpain.experiments.matrix.settings import Changes, Matrix, fixed_protocol
from transferpain.experiments.schema import Experiment
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.models.bundles.manifest import MANIFEST, split_digest
from transferpain.models.sources.origin import BUILT

GROUPED = tuple(name for name in FIXED_HOLDOUTS if name not in OFFICIAL_HOLDOUTS)
# What a protocol says of its own kind, and what it cannot keep when the source is trained for a group.
OF_A_KIND = {"kind", "folds", "fold", "test_split", *(key for kind in KINDS.values() for key in kind.needs)}


def cell_protocol(matrix: Matrix, trained: str, tested: str) -> Changes:
    """Return the protocol of a cell, as changes; official splits are the same under grouped folds and hold-outs."""
    in_groups = matrix.protocol == "grouped" and bool({trained, tested} & set(GROUPED))
    folds = {"folds": folds_of(matrix)} if in_groups else {}
    if trained == tested:
        return {"protocol": {"kind": grouped.NAME} | folds if in_groups else fixed_protocol(tested)}
    kind = grouped_cross_dataset.NAME if in_groups else "cross_dataset"
    return {"protocol": {"kind": kind, "test_dataset": tested} | folds}


def folds_of(matrix: Matrix) -> int:
    """Return the number of groups."""
    return matrix.folds or ProtocolSettings().folds


def part_changes(experiment: Experiment, folder: Path, folds: int) -> list[Changes]:
    """Return what is changed in a cell's experiment for each of the runs that it takes, one at least.

    It takes one for each group of the tested dataset's subjects if its source, or one before it, learns from that
    dataset; or if it is adapted to the subjects of the other groups.

    Args:
        folder: where the experiments stand that `source:` names.
        folds: of datasets that the cell does not test in groups; its protocol states its own.
    """
    protocol, tested = experiment.protocol, tested_dataset(experiment)
    is_known = tested in datasets_of_sources(experiment, folder)
    if protocol.fold is None and tests_in_groups(experiment) and (is_known or adapts_to_others(experiment)):
        return [
            {
                "name": f"{experiment.name}-fold{number}",
                "protocol": {"fold": number},
                "source_set": source_set_of(experiment, folder, protocol.folds, {tested: number}),
            }
            for number in range(protocol.folds)
        ]
    chosen = {} if protocol.fold is None else {tested: protocol.fold}
    return [{"source_set": source_set_of(experiment, folder, folds, chosen)}]


def protocol_in_words(experiment: Experiment, parts: int) -> str:
    """Say who a cell is tested on, and by which source.

    Args:
        parts: how many runs the cell takes.
    """
    protocol = experiment.protocol
    if tests_in_groups(experiment):
        if parts > 1:
            with_whom = "adapted" if adapts_to_others(experiment) else "a source trained"
            return f"all subjects in {protocol.folds} groups, {with_whom} for each"
        if protocol.fold is not None:
            return f"group {protocol.fold} of {protocol.folds}"
        at_once = protocol.test_dataset is not None
        return "all subjects" if at_once else f"all subjects in {protocol.folds} groups, one source"
    if protocol.kind == "holdout":
        official = protocol.holdout in OFFICIAL_HOLDOUTS.values()
        return f"{'official' if official else 'fixed'} hold-out {protocol.holdout}"
    if protocol.kind == "folders":
        return f"the folder {protocol.test_split}"
    if protocol.test_dataset is not None:
        return "official split" if protocol.test_dataset not in GROUPED else "fixed hold-out"
    return protocol.kind


def tests_in_groups(experiment: Experiment) -> bool:
    """Tell whether all subjects of the tested dataset are tested, each in one group."""
    kind = experiment.protocol.kind
    return kind == grouped.NAME or (kind == grouped_cross_dataset.NAME and tested_dataset(experiment) in GROUPED)


def adapts_to_others(experiment: Experiment) -> bool:
    """Tell whether features are adapted to subjects of the tested dataset who are not tested."""
    crosses, method = experiment.protocol.test_dataset is not None, ADAPTATIONS.get(experiment.adaptation or "")
    return crosses and method is not None and method.needs_target_training


def tested_dataset(experiment: Experiment) -> str:
    """Return the dataset that an experiment tests on."""
    return experiment.protocol.test_dataset or trained_dataset(experiment)


def trained_dataset(experiment: Experiment) -> str:
    """Return the dataset that an experiment trains on."""
    return experiment.dataset or load_task(experiment.task).dataset


def source_of(experiment: Experiment, folder: Path) -> Experiment | None:
    """Return the experiment that a source comes from; `None` for what is built, is a bundle, or cannot be read.

    What cannot be read is refused with all other cells that cannot be computed, before anything is.
    """
    try:
        return None if experiment.source in BUILT else source_experiment(experiment, folder)
    except UserError:
        return None


def datasets_of_sources(experiment: Experiment, folder: Path) -> set[str]:
    """Return the datasets that the experiments learn from which an experiment's source comes from."""
    source = source_of(experiment, folder)
    return set() if source is None else {trained_dataset(source)} | datasets_of_sources(source, folder)


def source_set_of(experiment: Experiment, folder: Path, folds: int, tested: Mapping[str, int]) -> Changes:
    """Return `source_set` with the group that the source, and each source before it, is not trained on.

    Args:
        folder: where the experiments stand.
        folds: number of groups.
        tested: dataset -> the group that is tested; of other datasets in groups the first is left out.
    """
    source = source_of(experiment, folder)
    if source is None:
        return experiment.source_set
    changes = merge({}, experiment.source_set)
    before = source_set_of(source, folder, folds, tested)
    if before != source.source_set:
        changes["source_set"] = before
    dataset = trained_dataset(source)
    left_out = tested.get(dataset, grouped_cross_dataset.LEFT_OUT if dataset in GROUPED else None)
    if left_out is None:
        return changes
    kept = {key: value for key, value in _stated(source.protocol).items() if key not in OF_A_KIND}
    protocol = kept | {"kind": grouped.NAME, "folds": folds, "fold": left_out}
    return changes | {"name": f"{source.name}-fold{left_out}", "protocol": protocol}


def _stated(protocol: ProtocolSettings) -> Changes:
    return protocol.model_dump(mode="json", exclude_defaults=True)


def check_bundle(experiment: Experiment) -> None:
    """Refuse a shared model that learned from the dataset all of whose subjects are tested: it cannot be trained anew.

    Raises:
        UserError: if it did.
    """
    name, _ = split_digest(experiment.source)
    if not tests_in_groups(experiment) or not (Path(name) / MANIFEST).is_file():
        return
    lineage, tested = read_lineage(Path(name)) or (), tested_dataset(experiment)
    if tested in {ancestor.dataset for ancestor in lineage}:
        raise UserError(
            f"The source {name} has learned from {tested}, all of whose subjects are tested.",
            rule="Under `protocol: grouped` a source that learned from the tested dataset is trained for each fold; a "
            "shared model is as it is.",
            received=f"source: {experiment.source}",
            todo="Name an experiment as the source, or say `protocol: fast` in the matrix.",
        )
