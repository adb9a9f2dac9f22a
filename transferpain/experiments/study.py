"""From an experiment or study file to runs: its twins, and every experiment that it names."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from transferpain.core.contracts import Stage
from transferpain.core.errors import UserError
from transferpain.core.overrides import merge, parse_overrides
from transferpain.core.paths import below
from transferpain.core.progress import progress_bar
from transferpain.data.places import Places
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.tasks.label_counts import COLUMNS, table_rows
from transferpain.data.tasks.task import load_task
from transferpain.evaluation.metrics.registry import METRICS, check_has_levels
from transferpain.experiments.chosen_source import settled, source_experiment
from transferpain.experiments.makers import note_finished_before
from transferpain.experiments.members import check_members_are_known, of_batch
from transferpain.experiments.prepared import prepared_data
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import (
    check_before_source,
    check_detectors,
    finished_run,
    lacks_detector,
    make_plan,
    problem_lines,
    run_plan,
)
from transferpain.experiments.samples import label_counts, labelled_samples
from transferpain.experiments.schema import Experiment, load_experiment
from transferpain.experiments.study_schema import Comparison, Study, is_study, load_study
from transferpain.experiments.upgrade import upgrade_experiment
from transferpain.experiments.variants import variant_name
from transferpain.models.sources.origin import BUILT
from transferpain.strategies.registry import STRATEGIES


@dataclass(frozen=True)
class Batch:
    """The experiments that one file names, ready to run.

    Attributes:
        name: of the experiment or the study.
        report: the report's folder: the name, or that of a variant by `--set`.
        folder: where experiments that `source:` names stand.
        twins: dataset -> twin to draw into the data root before it is read.
        confirmation_seeds: of further sets of twins.
    """

    name: str
    report: str
    title: str
    question: str
    folder: Path
    places: Places
    twins: dict[str, TwinSettings]
    experiments: list[Experiment]
    comparisons: tuple[Comparison, ...]
    confirmation_seeds: tuple[int, ...] = ()


def load_batch(path: Path, places: Places, assignments: list[str]) -> Batch:
    """Load an experiment or a study file; `--set` changes every experiment in it.

    A study that draws its own twins also says where: its `data_root` replaces the given one, so that drawn data
    never mixes with licensed data.
    """
    overrides = parse_overrides(assignments)
    if not is_study(path):
        experiment = load_experiment(path, overrides)
        report = experiment.name
        if overrides and "name" not in overrides:
            report = variant_name(report, lambda: {"": load_experiment(path).resolved()}, {"": experiment.resolved()})
        return Batch(experiment.name, report, report, experiment.question, path.parent, places, {}, [experiment], ())
    study = load_study(path)
    if study.data_root is not None:
        places = Places(below(places.workspace, study.data_root), places.workspace)
    experiments = [member_experiment(study, name, path.parent, overrides) for name in study.experiments]
    check_comparisons(study.comparisons, experiments)
    report = study.study
    if overrides:
        plain = partial(members_of, study, path.parent, {})
        report = variant_name(report, plain, members_of(study, path.parent, overrides))
    return Batch(
        *(study.study, report, study.title, study.question, path.parent, places),
        *(study.twins, experiments, study.comparisons, study.confirmation_seeds),
    )


def check_comparisons(comparisons: Sequence[Comparison], experiments: Sequence[Experiment]) -> None:
    """Refuse a comparison by a metric of ordered levels where a task has none, and one of runs on other clips."""
    tasks = {experiment.name: experiment.task for experiment in experiments}
    taken_out = {experiment.name: experiment.reference is not None for experiment in experiments}
    for pair in comparisons:
        if taken_out[pair.better] != taken_out[pair.worse]:
            with_reference, without = sorted((pair.better, pair.worse), key=taken_out.get, reverse=True)
            raise UserError(
                f"{pair.better} and {pair.worse} cannot be compared: they are tested on other clips.",
                rule="A reference is taken out of training, selection and test, and pairs are of the same clips.",
                received=f"reference: of {with_reference}, none of {without}",
                todo=f"Give {without} `reference: {{form: withheld}}`: the same clips are taken out, and not read.",
            )
        for name in (pair.better, pair.worse):
            if METRICS[pair.metric].needs == "levels" and not load_task(tasks[name]).ordinal:
                check_has_levels(pair.metric, name)


def members_of(study: Study, folder: Path, overrides: dict[str, Any]) -> dict[str, Any]:
    """Return the settings of each experiment of a study, JSON types, by its name."""
    return {name: member_experiment(study, name, folder, overrides).resolved() for name in study.experiments}


def member_experiment(study: Study, name: str, folder: Path, overrides: dict[str, Any]) -> Experiment:
    """Load one experiment of a study: its file, then the study's changes, the member's, the command line's."""
    member = study.experiments[name]
    changes: dict[str, Any] = {}
    for change in (study.set, member.set, {"name": name}, overrides):
        changes = merge(changes, upgrade_experiment(change))
    return load_experiment(folder / f"{member.experiment}.yaml", changes)


def run_batch(batch: Batch, show: Callable[[list[RunFolder]], object] = lambda runs: None) -> list[RunFolder]:
    """Compute whatever is missing of a batch's experiments, one after the other, and return their runs.

    A twin is drawn before the first experiment that reads it: what needs one twin alone has its score early.

    Args:
        batch: the experiments and their twins.
        show: called with the runs so far when one was computed now and others follow.

    Raises:
        UserError: as `check_detectors` and `check_batch`, before the first experiment is computed; and as
            `make_plan`.
    """
    check_batch(batch)
    for experiment in batch.experiments:
        if lacks_detector(experiment, batch.folder):  # told before the first experiment, not in the middle
            draw_twins(twins_read(batch, experiment), batch.places)
            check_detectors(experiment, batch.folder, batch.places)
    runs: list[RunFolder] = []
    for number, experiment in enumerate(batch.experiments, start=1):
        draw_twins(twins_read(batch, experiment), batch.places)
        check_ensembles(batch, experiment.name)
        plan = make_plan(of_batch(experiment, runs), batch.folder, batch.places)
        stood = plan.run.is_done
        runs.append(run_plan(plan, batch.folder, batch.places))
        if not stood and number < len(batch.experiments):
            show(list(runs))
    draw_twins(batch.twins, batch.places)
    note_finished_before(runs)
    return runs


def check_batch(batch: Batch) -> None:
    """Refuse, without any data, an experiment that its source or its members do not fit.

    Raises:
        UserError: as `check_members_are_known`, `settled` and `check_before_source`.
    """
    names = [experiment.name for experiment in batch.experiments]
    for number, experiment in enumerate(batch.experiments):
        check_members_are_known(experiment, names[:number], batch.places)
        check_before_source(settled(experiment, batch.folder), batch.folder)


def check_ensembles(batch: Batch, member: str | None = None) -> None:
    """Refuse ensembles that cannot be made of any members on their data, before these are computed.

    Args:
        member: of the ensembles that are looked at; `None` are all.

    Raises:
        UserError: as `prepared_data` and the strategy's `check_samples`.
    """
    for experiment in batch.experiments:
        if experiment.members and (member is None or member in experiment.members):
            draw_twins(twins_read(batch, experiment), batch.places)
            data = prepared_data(settled(experiment, batch.folder), batch.places)
            strategy = STRATEGIES[experiment.strategy]
            strategy.check_samples(experiment, data.task, data.index, data.samples, data.folds)


def twins_read(batch: Batch, experiment: Experiment) -> dict[str, TwinSettings]:
    """Return the twins of a batch that one of its experiments reads."""
    read = datasets_read(experiment, batch.folder)
    return {name: settings for name, settings in batch.twins.items() if name in read}


def datasets_read(experiment: Experiment, folder: Path) -> set[str]:
    """Return the datasets that an experiment and the experiments that its source comes from read.

    Args:
        folder: where experiments that `source:` names stand.
    """
    names = {experiment.dataset or load_task(experiment.task).dataset, experiment.protocol.test_dataset} - {None}
    source = None if experiment.source in BUILT else source_experiment(experiment, folder)
    return names if source is None else names | datasets_read(source, folder)


def draw_twins(twins: dict[str, TwinSettings], places: Places) -> None:
    """Draw twins into the data root, in their order."""
    for dataset, settings in twins.items():
        draw_twin(dataset, places.data_root, settings)


def draw_twin(dataset: str, data_root: Path, settings: TwinSettings) -> None:
    """Draw a twin with a progress bar; one that is there with the same settings is left as it is."""
    from transferpain.data.synthetic.twins import count_frames, is_drawn, write_twin

    frames = count_frames(dataset, settings)
    if is_drawn(dataset, data_root, settings):
        return
    with progress_bar(f"drawing the {dataset} twin", total=frames, unit="frames") as advance:
        write_twin(dataset, data_root, settings, advance)


def dry_run_rows(path: Path, places: Places, assignments: list[str]) -> tuple[list[str], list[list[str]]]:
    """Return columns and rows of the stages of a file, with estimated hours and disk; computes nothing.

    A study's twins are drawn on the first run only, so before that there is no data to count. What is finished has a
    stage that says so.

    Raises:
        UserError: for whatever `run` would refuse before it computes anything.
    """
    from transferpain.experiments.check import check_experiment
    from transferpain.experiments.estimate import estimate, estimate_rows

    batch = drawn_batch(path, places, assignments)
    stages: list[Stage] = []
    unfinished: list[str] = []
    for number, experiment in enumerate(batch.experiments):
        check_members_are_known(experiment, [one.name for one in batch.experiments[:number]], batch.places)
        if waiting := [name for name in experiment.members if name in unfinished]:
            unfinished.append(experiment.name)
            work = f"made when {', '.join(waiting)} are finished"
            stages.append(Stage(experiment.name, "ensemble", work, 0.0, 0.0, of=experiment.name))
            continue
        if finished_run(experiment, batch.folder, batch.places) is not None:
            stages.append(Stage(experiment.name, "finished", "nothing is left to do", 0.0, 0.0, of=experiment.name))
            continue
        unfinished.append(experiment.name)
        check_ensembles(batch, experiment.name)
        check_experiment(experiment, batch.folder, batch.places)
        stages += estimate(experiment, batch.folder, batch.places, partial(is_finished, batch.folder, batch.places))
    return ["experiment", "stage", "work", "hours", "disk GB"], estimate_rows(stages)


def dry_run_labels(
    path: Path, places: Places, assignments: list[str]
) -> tuple[tuple[list[str], list[list[str]]], list[str]]:
    """Return columns and rows of what each class has in the data of a file's experiments, and of what is left out.

    Behind them stand the problems of these data, a line each.
    """
    batch = drawn_batch(path, places, assignments)
    counts, lines = {}, {}
    for experiment in batch.experiments:
        task, index, _ = labelled_samples(experiment, batch.places)
        counts |= {(task.name, one): None for one in label_counts(experiment, task, index)}
        lines |= dict.fromkeys(problem_lines(index.problems))
    return (["task", *COLUMNS], [[task, *row] for task, one in counts for row in table_rows([one])]), list(lines)


def drawn_batch(path: Path, places: Places, assignments: list[str]) -> Batch:
    """Load a file whose twins, if it has any, are drawn. Raises `UserError` if they are not."""
    batch = load_batch(path, places, assignments)
    check_twins_are_drawn(batch.twins, batch.places.data_root, f"transferpain run {path}")
    return batch


def is_finished(folder: Path, places: Places, experiment: Experiment) -> bool:
    """Tell whether an experiment is finished, so that it costs nothing."""
    return finished_run(experiment, folder, places) is not None


def check_twins_are_drawn(twins: dict[str, TwinSettings], data_root: Path, command: str) -> None:
    """Refuse to estimate what draws its own twins and has not yet: nothing could be counted."""
    missing = [name for name in twins if not (data_root / name / "SYNTHETIC.json").is_file()]
    if missing:
        raise UserError(
            "The file draws its own twins first, and they are not there yet.",
            rule="Hours and disk are estimated from the clips of the data.",
            received=f"no twin of {', '.join(missing)} in {data_root}",
            todo=f"Start it with `{command}`: it can be stopped at any time and goes on where it was.",
        )
