"""Whether the cells of a matrix can be computed here, found out before any of them is."""

from pathlib import Path

from transferpain.core.errors import NotHere, UserError
from transferpain.data.places import Places
from transferpain.experiments.check import check_experiment
from transferpain.experiments.matrix.cells import Cell
from transferpain.experiments.matrix.grouped import check_bundle


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
