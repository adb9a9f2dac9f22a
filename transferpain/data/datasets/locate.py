"""Where in a data root a dataset stands, and whether it is drawn."""

from pathlib import Path

from transferpain.core.dangling import dangling_link
from transferpain.core.errors import NotHere, UserError
from transferpain.core.privacy import hide_name, hide_names
from transferpain.core.store import read_json
from transferpain.data.datasets.dataset import Dataset
from transferpain.data.media import walk

SYNTHETIC_MARK = "SYNTHETIC.json"
UNFINISHED_MARK = "SYNTHETIC.unfinished.json"


def find_top(dataset: Dataset, data_root: Path) -> Path:
    """Return the top folder of a dataset: at, or up to two levels below, its folder in `data_root`.

    Raises:
        NotHere: if the data root or, in it, a folder of the dataset is not there.
        UserError: if nothing in it looks like the dataset.
    """
    if not data_root.is_dir():
        raise NotHere(
            f"There is no data folder for {dataset.title}.",
            rule="The data root is --data-root, else the environment variable TRANSFERPAIN_DATA, else data/.",
            received=hide_names(dangling_link(data_root) or data_root),
            todo=f"Request the data at {dataset.request_url}, or draw its synthetic twin.",
        )
    if said := dangling_link(data_root / dataset.folder):
        raise UserError(
            f"The data folder of {dataset.title} cannot be read.",
            rule=f"It is the folder {dataset.folder} of the data root, or a link to it.",
            received=hide_names(said),
            todo="Correct the link, or attach the disk that it leads to.",
        )
    own = own_folder(dataset, data_root)
    is_named = own != data_root
    # Without a folder of its name, the root itself may be the dataset, but not a neighbour deep inside it.
    top = walk.find_folder(own, dataset.is_marked, depth=2 if is_named else 1)
    if top is None:
        raise layout_error(dataset, own, kind=UserError if is_named else NotHere)
    return top


def own_folder(dataset: Dataset, data_root: Path) -> Path:
    """Return the folder of the data root that bears a dataset's name; the data root itself where there is none.

    Raises:
        UserError: if several bear it but for upper and lower case and outer blanks, and none to the letter.
    """
    named = [
        entry
        for entry in walk.list_folder(data_root)
        if entry.is_dir() and entry.name.strip().lower() == dataset.folder
    ]
    exact = [entry for entry in named if entry.name == dataset.folder]
    if len(named) > 1 and not exact:
        raise UserError(
            f"Several folders may be that of {dataset.title}.",
            rule=f"The one that is called {dataset.folder} counts, or one that differs in upper case or blanks alone.",
            received=", ".join(repr(hide_name(entry.name)) for entry in named),
            todo="Rename all but one of them.",
        )
    return (exact or named or [data_root])[0]


def find_synthetic_mark(top: Path, data_root: Path) -> dict | None:
    """Return the content of `SYNTHETIC.json` in `top` or above it up to `data_root`, if there is one.

    Raises:
        UserError: if it is damaged, or the twin's drawing was interrupted.
    """
    folder = top
    while True:
        if (folder / SYNTHETIC_MARK).is_file():
            return _read_mark(folder / SYNTHETIC_MARK)
        if (folder / UNFINISHED_MARK).is_file():
            raise UserError(
                f"The synthetic twin in {folder} is unfinished.",
                rule=f"A finished twin has the file {SYNTHETIC_MARK}.",
                todo="Draw it again with the same settings: finished videos are kept.",
            )
        if folder == data_root:
            return None
        folder = folder.parent


def _read_mark(path: Path) -> dict:
    try:
        mark = read_json(path)
    except ValueError:
        mark = None
    if not isinstance(mark, dict):
        raise UserError(
            f"The file {path} is damaged.",
            rule="It marks drawn data and is a JSON object, written by the twin's generator.",
            todo="Delete the twin's folder and draw it again.",
        )
    return mark


def layout_error(
    dataset: Dataset, folder: Path, problems: tuple[str, ...] = (), kind: type[UserError] = UserError
) -> UserError:
    """Return the error for a folder in which nothing looks like the dataset."""
    seen = f"in {hide_names(folder)}: {walk.describe_folder(folder)}"
    shown = "\n".join(problems[: walk.SHOWN_ENTRIES])
    return kind(
        f"No data of {dataset.title} was found.",
        rule=f"Expected in {dataset.folder}/ of the data root, or straight in it:\n{dataset.layout}",
        received=seen + (f"\n{shown}" if shown else ""),
        todo=f"Unpack the data so that it has this layout, or request it at {dataset.request_url}.",
    )
