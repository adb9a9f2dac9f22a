"""`transferpain action-units ...`: parse, call, print - nothing else."""

from pathlib import Path
from typing import Annotated

import typer

from transferpain.cli.console import Debug, example, out, print_rows

units_app = typer.Typer(no_args_is_help=True, help="Read tables of action units; fit and check what is built in.")


@units_app.command(epilog=example("action-units read openface/clip01.csv"))
def read(
    table: Annotated[Path, typer.Argument(metavar="TABLE.csv", help="As py-feat, OpenFace 2 or LibreFace wrote it.")],
    debug: Debug = False,
) -> None:
    """Show what a table of action units holds: whose scale, how many frames, each unit's mean and highest value."""
    from transferpain.inputs.action_units.tables import read_action_units

    units = read_action_units(table)
    frames, measured = len(units.found), int(units.found.sum())
    out().print(
        f"{units.estimator.title}: {units.estimator.scale}; face measured in {measured} of {frames} frames",
        markup=False,
        soft_wrap=True,
    )
    rows = []
    for number in sorted({*units.intensities, *units.presences}):
        values = units.intensities.get(number)
        present = units.presences.get(number)
        shown = ["-", "-"] if values is None else [f"{values.mean():.2f}", f"{values.max():.2f}"]
        rows.append([f"AU{number}", *shown, "-" if present is None else f"{present.mean():.0%}"])
    print_rows(str(table), ["action unit", "mean", "highest", "frames with it"], rows)


@units_app.command("fit-proxies", epilog=example("action-units fit-proxies"))
def fit(
    subjects: Annotated[int, typer.Option(help="How many people are drawn.", min=10)] = 60,
    pictures: Annotated[int, typer.Option(help="How many pictures of each.", min=10)] = 40,
    seed: Annotated[int, typer.Option(help="Everything random hangs on it.", min=0)] = 0,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Default: the coefficients in the package.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Fit the proxies again, on drawn faces whose action units are known: about a minute."""
    from transferpain.core.schema import write_stamped
    from transferpain.inputs.action_units.fit import FitSettings, draw_examples, fit_proxies
    from transferpain.inputs.action_units.proxy import COEFFICIENTS

    settings = FitSettings(subjects, pictures, seed)
    fitted = fit_proxies(draw_examples(settings), settings)
    write_stamped(file or COEFFICIENTS, fitted)
    rows = [[f"AU{number}", str(unit["correlation"]), str(unit["error"])] for number, unit in fitted["units"].items()]
    print_rows("proxies on drawn people they were not fitted on (SYNTHETIC)", ["unit", "correlation", "error"], rows)


@units_app.command(epilog=example("action-units check /path/to/fer2013"))
def check(
    data_root: Annotated[Path, typer.Argument(metavar="DIR", help="Holds fer2013.csv and fer2013new.csv.")],
    pictures: Annotated[
        int, typer.Option(help="How many pictures of Training and of PublicTest are drawn.", min=100)
    ] = 4000,
    seed: Annotated[int, typer.Option(help="Of the draw.", min=0)] = 0,
    file: Annotated[
        Path | None, typer.Option("--out", metavar="FILE", help="Default: the check in the package.")
    ] = None,
    debug: Debug = False,
) -> None:
    """Check proxies and blendshapes on real FER+ faces, and choose one for each unit: about two minutes."""
    from transferpain.core.schema import write_stamped
    from transferpain.inputs.action_units.check import check_units
    from transferpain.inputs.action_units.measures import CHECK
    from transferpain.inputs.action_units.units import MEASURES

    found = check_units(data_root, pictures, seed)
    write_stamped(file or CHECK, found)
    chose, confirmed = (sample["areas"] for sample in found["samples"].values())
    rows = []
    for number, unit in found["units"].items():
        areas, told = chose.get(number, {}), "-"
        if areas:
            told = f"{areas['shown_by']} against {areas['against']}"
        public = confirmed.get(number, {}).get(unit["measure"])
        figures = [show_area(areas.get(measure)) for measure in MEASURES]
        rows.append([f"AU{number}", told, *figures, unit["measure"], show_area(public), unit["standing"]])
    on, then = found["samples"]
    columns = ["unit", "told apart", *(f"{measure}, {on}" for measure in MEASURES), "used", f"used, {then}", "standing"]
    print_rows("action units on real faces: area under the ROC curve, 95 % interval", columns, rows)


# Scripts of users call it so.
units_app.command("check-proxies", hidden=True)(check)


def show_area(area: dict | None) -> str:
    """Return an area of a check with its interval, and a dash for None."""
    if not area:
        return "-"
    interval = "{} to {}".format(*area["interval"]) if area["interval"] else "no interval"
    return f"{area['area']} ({interval})"
