"""`transferpain data ...`: parse, call, print - nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import DataRoot, Debug, Workspace, example, out, places_of, print_lines, print_rows
from transferpain.core.synthetic_faces import in_words

data_app = typer.Typer(no_args_is_help=True, help="Check a dataset, or draw a synthetic twin of one.")


@data_app.command(epilog=example("data check biovid --data-root /path/to/data --deep"))
def check(
    dataset: Annotated[
        str, typer.Argument(help="unbc, biovid, ai4pain, mintpain, ferplus, pain3d, or the folder of your own data.")
    ],
    data_root: DataRoot = None,
    workspace: Workspace = Path("."),
    deep: Annotated[bool, typer.Option("--deep", help="Decode every picture and video, too: takes minutes.")] = False,
    task: Annotated[
        str, typer.Option(metavar="TASK", help="Also count the classes of a task: its name, or the path of its file.")
    ] = "",
    json_file: Annotated[
        Path | None, typer.Option("--json", metavar="FILE", help="Also write everything to a JSON file.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Compare what is found of a dataset with what its owners ship."""
    from dataclasses import asdict

    from transferpain.core.store import write_json
    from transferpain.data.datasets.check import check_dataset
    from transferpain.data.tasks.label_counts import COLUMNS, table_rows
    from transferpain.data.tasks.task import count_dataset

    places = places_of(data_root, workspace)
    counts = [count_dataset(task, dataset, places.data_root, places.cache)] if task else []
    report = check_dataset(dataset, places.data_root, places.cache, deep)
    if json_file is not None:
        write_json(json_file, asdict(report) | ({"labels": [one.facts() for one in counts]} if task else {}))
    faces = f" (SYNTHETIC: {in_words(report.synthetic_faces)})" if report.synthetic else ""
    mark = " (SYNTHETIC twin)" if report.twin else faces
    rows = [[row.what, str(row.found), "-" if row.expected is None else str(row.expected)] for row in report.rows]
    print_rows(f"{dataset}{mark}", ["what", "found", "licensed data" if report.twin else "expected"], rows)
    if report.twin:
        out().print("Drawn faces: a twin may be smaller than the licensed data, and has not all of its known traps.")
    if task:
        print_rows(f"{dataset} under the task {task}", COLUMNS, table_rows(counts))
    print_lines([f"warning: {warning}" for warning in report.warnings])
    print_lines([f"known trap: {trap}" for trap in report.traps])


@data_app.command(epilog=example("data twin biovid --out data/twins --subjects 20 --clips 4 --seconds 2"))
def twin(
    dataset: Annotated[str, typer.Argument(help="unbc, biovid, ai4pain, mintpain, ferplus or pain3d.")],
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
