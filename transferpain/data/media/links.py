"""Links inside a dataset: they may lead anywhere in it and in the data root, and further only if the user allows it."""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.privacy import hide_names

PERMIT = "dataset.yaml"  # in the dataset's own folder
RULE = (
    "Links in a dataset lead to what is in it, or in the data root; the dataset's own folder may be a link to another "
    "disk."
)
_ROOTS: ContextVar[tuple[Path, ...]] = ContextVar("folders that links may lead into", default=())


@contextmanager
def links_stay_in(own: Path, data_root: Path) -> Iterator[None]:
    """Let `walk` refuse links that lead out of a dataset's own folder and of the data root, with `UserError`."""
    token = _ROOTS.set((own, data_root))
    try:
        yield
    finally:
        _ROOTS.reset(token)


def leads_out(path: Path | str, *roots: Path) -> bool:
    """Tell whether a path leads, by links anywhere on its way, out of all of some folders."""
    return _is_outside(path, [os.path.realpath(root) for root in roots])


def _is_outside(path: Path | str, real_roots: list[str]) -> bool:
    real = os.path.realpath(path)
    return not any(os.path.commonpath([root, real]) == root for root in real_roots)


def check_links(folder: Path | str, entries: list[os.DirEntry]) -> None:
    """Refuse links that lead out of where they must stay, if any limit is set.

    Raises:
        UserError: that tells the folder and the number of these links, no names: they may be of people.
    """
    roots = _ROOTS.get()
    links = [entry.path for entry in entries if entry.is_symlink()] if roots else []
    if not links:
        return
    real = [os.path.realpath(root) for root in roots]
    if out := sum(_is_outside(link, real) for link in links):
        raise refused_links(roots[0], f"{out} link{'s' if out > 1 else ''} in {hide_names(folder)}")


def refused_links(own: Path, received: str) -> UserError:
    """Return the error for links that lead out of a dataset.

    Args:
        own: the dataset's own folder.
    """
    shown = hide_names(own)
    return UserError(
        "Links lead out of the data root.",
        rule=RULE,
        received=received,
        todo=f"Move the data there, or, to follow links, write allow_links: true in {shown}/{PERMIT} "
        f"(find {shown}/ -type l lists all links).",
    )
