"""Pictures of one clip that stand among those of all others, and are told by how their names begin.

3DPain has some 750,000 pictures in one folder. A medium `meshes_inpainted/flame_sample_0000_*` stands for those whose
names begin with what is before the star. The folder is listed once for all of its clips.
"""

import os
from bisect import bisect_left
from functools import lru_cache
from pathlib import Path

from transferpain.core.errors import UserError
from transferpain.core.file_state import file_state, has_settled
from transferpain.core.privacy import hide_names

STAR = "*"


def is_front(path: Path) -> bool:
    """Tell whether a path stands for the files of its folder whose names begin alike: there is no such file itself."""
    return path.name.endswith(STAR) and not path.exists()


def names_by_front(path: Path) -> list[str]:
    """Return the names in a folder that begin with what is before the star of `path`, letter by letter, in no order.

    Raises:
        UserError: if the folder cannot be read.
    """
    front = path.name.removesuffix(STAR)
    try:
        state = tuple(file_state(path.parent))
        # A folder that has only just changed may change again unseen.
        names = _remembered(path.parent, state) if has_settled([list(state)]) else _sorted_names(path.parent)
    except OSError as error:
        raise UserError(
            f"The folder {hide_names(path.parent)} cannot be read.",
            received=error.strerror,
            todo="Check the path and its permissions.",
        ) from None
    found = []
    for place in range(bisect_left(names, front), len(names)):
        if not names[place].startswith(front):
            break
        found.append(names[place])
    return found


@lru_cache(maxsize=2)
def _remembered(folder: Path, state: tuple[int, ...]) -> list[str]:
    return _sorted_names(folder)


def _sorted_names(folder: Path) -> list[str]:
    return sorted(os.listdir(folder))
