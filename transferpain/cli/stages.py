"""`transferpain faces`, `pretrain` and `extract`, single stages of an experiment: parse, call, print - nothing else."""

from pathlib import Path

import typer

from transferpain.cli.console import (
    Address,
    DataRoot,
    Debug,
    ExperimentFile,
    Overrides,
    Where,
    Workspace,
    computing,
    example,
    out,
    places_of,
)

stages_app = typer.Typer()


@stages_app.command(epilog=example("faces experiments/ai4pain-ann.yaml --data-root /path/to/data"))
def faces(
    experiment: ExperimentFile,
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    overrides: Overrides = None,
    debug: Debug = False,
) -> None:
    """Find and crop the faces that an experiment needs, and stop there."""
    from transferpain.experiments.runner import find_faces

    table = find_faces(load(experiment, overrides), places_of(data_root, workspace))
    frames, found = int(table["num_frames"].sum()), int(table["found"].sum())
    share = f"{found / frames:.1%}" if frames else "-"
    out().print(f"{len(table)} clips, {frames} frames, a face in {found} ({share})", markup=False)
    for row in table[table["problem"] != ""].itertuples():
        out().print(f"unusable: {row.clip}: {row.problem}", markup=False)


@stages_app.command(epilog=example("pretrain experiments/biovid-vgg16.yaml --data-root /path/to/data"))
def pretrain(
    experiment: ExperimentFile,
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    overrides: Overrides = None,
    debug: Debug = False,
) -> None:
    """Train a source model, and its own sources where they are missing."""
    from transferpain.experiments.runner import pretrain_source

    run = pretrain_source(load(experiment, overrides), experiment, places_of(data_root, workspace))
    out().print(f"source model: {run.model}", markup=False)


@stages_app.command(epilog=example("extract experiments/ai4pain-ann.yaml --data-root /path/to/data"))
def extract(
    experiment: ExperimentFile,
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    overrides: Overrides = None,
    executor: Where = None,
    address: Address = "auto",
    debug: Debug = False,
) -> None:
    """Compute the frozen features that an experiment needs, and stop there."""
    from transferpain.experiments.computing import extract_shared
    from transferpain.experiments.runner import extract_only

    loaded, places = load(experiment, overrides), places_of(data_root, workspace)
    extract_shared(loaded, experiment.parent, places, computing(executor, 1, address))
    table = extract_only(loaded, experiment, places)
    out().print(f"{len(table)} clips, {int(table['frames'].sum())} feature rows cached", markup=False)


def load(experiment: Path, overrides: list[str] | None):
    """Return an experiment with the keys changed that `--set` names."""
    from transferpain.core.overrides import parse_overrides
    from transferpain.experiments.schema import load_experiment

    return load_experiment(experiment, parse_overrides(overrides or []))
