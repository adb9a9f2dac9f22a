"""The command line: parse, call, print - nothing else."""

import sys
from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.action_units import units_app
from transferpain.cli.console import DataRoot, Debug, Workspace, example, out, places_of, print_rows
from transferpain.cli.edge import export_edge
from transferpain.cli.explain import explain
from transferpain.cli.live import live
from transferpain.cli.models import models_app
from transferpain.cli.serve import serve_app
from transferpain.core.errors import UserError
from transferpain.core.process import Stopped, message_of, prepare, stop_is_answered

app = typer.Typer(
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode="rich",
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Transfer-learning experiments for recognising pain in faces. Research only, no medical device.",
)
data_app = typer.Typer(no_args_is_help=True, help="Check a dataset, or draw a synthetic twin of one.")
app.add_typer(data_app, name="data")
app.add_typer(models_app, name="models")
app.add_typer(units_app, name="action-units")
app.add_typer(serve_app)
app.command(epilog=example("explain runs/biovid-vgg16-0123456789abcdef --data-root /path/to/data"))(explain)
app.command("export-edge", epilog=example("export-edge weights/ferplus-resnet18 --to edge/ferplus-resnet18"))(
    export_edge
)
app.command(epilog=example("live weights/ferplus-resnet18 --source 0"))(live)

ExperimentFile = Annotated[Path, typer.Argument(metavar="EXPERIMENT.yaml", help="The experiment file.")]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="Change one key of the experiment; repeat as needed."),
]


@data_app.command("check", epilog=example("data check biovid --data-root /path/to/data --deep"))
def data_check(
    dataset: Annotated[
        str, typer.Argument(help="unbc, biovid, ai4pain, mintpain, ferplus, or the folder of your own data.")
    ],
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    deep: Annotated[bool, typer.Option("--deep", help="Decode every picture and video, too: takes minutes.")] = False,
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write everything to a JSON file.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Compare what is found of a dataset with what its owners ship."""
    from dataclasses import asdict

    from transferpain.core.store import write_json
    from transferpain.data.datasets.check import check_dataset

    places = places_of(data_root, workspace)
    report = check_dataset(dataset, places.data_root, places.cache, deep)
    if json_file is not None:
        write_json(json_file, asdict(report))
    mark = " (SYNTHETIC twin)" if report.synthetic else ""
    rows = [[row.what, str(row.found), "-" if row.expected is None else str(row.expected)] for row in report.rows]
    print_rows(f"{dataset}{mark}", ["what", "found", "licensed data" if report.synthetic else "expected"], rows)
    if report.synthetic:
        out().print("Drawn faces: a twin may be smaller than the licensed data, and has not all of its known traps.")
    for warning in report.warnings:
        out().print(f"warning: {warning}", markup=False)
    for trap in report.traps:
        out().print(f"known trap: {trap}", markup=False)


@data_app.command("twin", epilog=example("data twin biovid --out data/twins --subjects 20 --clips 4 --seconds 2"))
def data_twin(
    dataset: Annotated[str, typer.Argument(help="unbc, biovid, ai4pain, mintpain or ferplus.")],
    output: Annotated[Path, typer.Option("--out", metavar="DIR", help="The data root to draw into.")],
    subjects: Annotated[int, typer.Option(min=1, help="How many people to invent.")],
    seed: Annotated[int, typer.Option(help="The same seed draws the same frames.")] = 0,
    null: Annotated[bool, typer.Option("--null", help="Action units independent of the label.")] = False,
    clips: Annotated[
        int | None, typer.Option(min=1, help="Clips per class and subject. Default: as in the dataset.")
    ] = None,
    seconds: Annotated[
        float | None, typer.Option(min=0.5, help="Length of a pain clip. Default: as in the dataset.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Draw a synthetic twin: invented faces, in the dataset's official layout."""
    from transferpain.data.synthetic.settings import TwinSettings
    from transferpain.experiments.study import draw_twin

    settings = TwinSettings(subjects=subjects, seed=seed, null=null, clips=clips, seconds=seconds)
    draw_twin(dataset, output, settings)
    out().print(f"{output / dataset}: synthetic twin of {dataset}, {subjects} subjects, seed {seed}", markup=False)


@app.command(epilog=example("faces experiments/ai4pain-ann.yaml --data-root /path/to/data"))
def faces(
    experiment: ExperimentFile,
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    overrides: Overrides = None,
    debug: Debug = False,
) -> None:
    """Find and crop the faces that an experiment needs, and stop there."""
    from transferpain.core.overrides import parse_overrides
    from transferpain.experiments.runner import find_faces
    from transferpain.experiments.schema import load_experiment

    table = find_faces(load_experiment(experiment, parse_overrides(overrides or [])), places_of(data_root, workspace))
    frames, found = int(table["num_frames"].sum()), int(table["found"].sum())
    share = f"{found / frames:.1%}" if frames else "-"
    out().print(f"{len(table)} clips, {frames} frames, a face in {found} ({share})", markup=False)
    for row in table[table["problem"] != ""].itertuples():
        out().print(f"unusable: {row.clip}: {row.problem}", markup=False)


@app.command(epilog=example("pretrain experiments/biovid-vgg16.yaml --data-root /path/to/data"))
def pretrain(
    experiment: ExperimentFile,
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    overrides: Overrides = None,
    debug: Debug = False,
) -> None:
    """Train a source model, and its own sources where they are missing."""
    from transferpain.core.overrides import parse_overrides
    from transferpain.experiments.runner import pretrain_source
    from transferpain.experiments.schema import load_experiment

    run = pretrain_source(
        load_experiment(experiment, parse_overrides(overrides or [])), experiment, places_of(data_root, workspace)
    )
    out().print(f"source model: {run.model}", markup=False)


@app.command(epilog=example("extract experiments/ai4pain-ann.yaml --data-root /path/to/data"))
def extract(
    experiment: ExperimentFile,
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    overrides: Overrides = None,
    debug: Debug = False,
) -> None:
    """Compute the frozen features that an experiment needs, and stop there."""
    from transferpain.core.overrides import parse_overrides
    from transferpain.experiments.runner import extract_only
    from transferpain.experiments.schema import load_experiment

    table = extract_only(
        load_experiment(experiment, parse_overrides(overrides or [])), experiment, places_of(data_root, workspace)
    )
    out().print(f"{len(table)} clips, {int(table['frames'].sum())} feature rows cached", markup=False)


@app.command(epilog=example("run experiments/ai4pain-ann.yaml --data-root /path/to/data --set training.epochs=20"))
def run(
    experiment: ExperimentFile,
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    overrides: Overrides = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the stages with an estimate of hours and disk, and stop.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Compute whatever is missing of an experiment or a study, and print the result table."""
    from transferpain.experiments.study import dry_run_rows
    from transferpain.reports.studies import run_file

    places = places_of(data_root, workspace)
    if dry_run:
        columns, rows = dry_run_rows(experiment, places, overrides or [])
        print_rows(f"{experiment}: nothing was computed; hours and disk are estimates", columns, rows)
        return
    result = run_file(experiment, places, overrides or [])
    print_rows(result.title, result.columns, result.rows)
    for line in result.notes:
        out().print(line, markup=False)


@app.command(epilog=example("matrix experiments/transfer-matrix.yaml --where target=unbc --jobs 2"))
def matrix(
    file: Annotated[Path, typer.Argument(metavar="MATRIX.yaml", help="The matrix file.")],
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    overrides: Overrides = None,
    where: Annotated[
        list[str] | None,
        typer.Option(metavar="AXIS=NAME,...", help="Only these cells: kind, source, trained_on, target or head."),
    ] = None,
    jobs: Annotated[int, typer.Option(min=1, help="Processes at a time.")] = 1,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="List the cells with an estimate of hours and disk, and stop.")
    ] = False,
    debug: Debug = False,
) -> None:
    """Compute whatever is missing of a matrix of sources, targets and heads, and write its report."""
    from transferpain.experiments.matrix.run import DRY_RUN_COLUMNS, dry_run_rows
    from transferpain.reports.matrix.run import run_matrix

    places = places_of(data_root, workspace)
    arguments = (file, places, overrides or [], where or [])
    if dry_run:
        title = f"{file}: nothing was computed; hours and disk are estimates"
        print_rows(title, DRY_RUN_COLUMNS, dry_run_rows(*arguments))
        return
    result = run_matrix(*arguments, jobs)
    print_rows(result.title, result.columns, result.rows)
    for line in result.notes:
        out().print(line, markup=False)
    if any(line.startswith("failed") for line in result.notes):
        raise typer.Exit(1)


@app.command(epilog=example("report runs/demo-ann-0123456789abcdef --name mine"))
def report(
    runs: Annotated[list[Path], typer.Argument(metavar="RUN...", help="Run folders.")],
    name: Annotated[str, typer.Option(help="The report's folder in reports/.")] = "report",
    workspace: Workspace = Path("."),
    debug: Debug = False,
) -> None:
    """Write an HTML report of finished runs, with CSV and LaTeX tables beside it."""
    from transferpain.reports.studies import report_runs

    out().print(f"report: {report_runs(runs, name, workspace)}", markup=False)


@app.command("check-table", epilog=example("check-table docs/hosseini-table-2.csv --accuracy 85.71"))
def check_published_table(
    file: Annotated[Path, typer.Argument(metavar="FILE.csv", help="Columns class, precision, recall; a line a class.")],
    accuracy: Annotated[
        str, typer.Option(metavar="NUMBER", help="The accuracy that the paper states, as it is printed.")
    ] = "",
    debug: Debug = False,
) -> None:
    """Compute which accuracies a paper's precision and recall allow, and how many rows each class needs."""
    from transferpain.evaluation.published import check_table
    from transferpain.evaluation.published_table import read_published_table

    table = read_published_table(file)
    check = check_table(table, accuracy)
    readings = {"as printed": check.exact, f"rounded to {table.digits} decimals": check.rounded}
    rows = [
        [
            f"precision and recall {reading}",
            *(["-", "-"] if found.low is None else [f"{found.low:.4f}", f"{found.high:.4f}"]),
        ]
        for reading, found in readings.items()
    ]
    print_rows(f"{file}: the accuracies that it allows", ["", "lowest", "highest"], rows)
    shares = [[f"{value:.{table.digits}f}" for value in values] for values in (table.precision, table.recall, check.f1)]
    rows = [[*row, str(support)] for *row, support in zip(table.classes, *shares, check.supports, strict=True)]
    print_rows("Its classes", ["class", "precision", "recall", "F1", "true rows, at least"], rows)
    for line in filter(None, (check.exact.reason, check.verdict)):
        out().print(line, markup=False)
    out().print("Values that a paper averaged over folds need not keep to these bounds.", markup=False)


@app.command(epilog=example("doctor --data-root /path/to/data"))
def doctor(data_root: DataRoot = None, workspace: Workspace = Path("."), debug: Debug = False) -> None:
    """Show versions, processor, GPU, data found, cache size, and which compute dtype will be used and why."""
    from transferpain.cli.doctor import examine

    findings = examine(places_of(data_root, workspace))
    print_rows(
        "transferpain doctor",
        ["what", "value", ""],
        [[finding.topic, finding.value, finding.state] for finding in findings],
    )
    if any(finding.state == "problem" for finding in findings):
        raise typer.Exit(1)


def main() -> None:
    """Run the command line; an error that the user can mend is a message, not a traceback."""
    prepare()
    try:
        app()
    except (UserError, OSError) as error:
        if "--debug" in sys.argv:
            raise
        sys.stderr.write(f"error: {message_of(error)}\n")
        sys.exit(1)
    except Stopped:
        stop_is_answered()
        sys.stderr.write("stopped; what was finished is kept, and the same command goes on from there\n")
        sys.exit(130)
