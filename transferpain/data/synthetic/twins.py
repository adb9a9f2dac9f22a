"""Writes a dataset's synthetic twin: drawn faces in the dataset's own official layout."""

import shutil
from collections.abc import Callable
from pathlib import Path

from transferpain.core.errors import DamagedFile, UserError
from transferpain.core.progress import note
from transferpain.core.store import TEMPORARY, one_process, read_json, write_json
from transferpain.data.synthetic.ai4pain import plan_ai4pain, write_ai4pain
from transferpain.data.synthetic.biovid import plan_biovid, write_biovid
from transferpain.data.synthetic.ferplus import plan_ferplus, write_ferplus
from transferpain.data.synthetic.mintpain import plan_mintpain, write_mintpain
from transferpain.data.synthetic.pain3d import plan_pain3d, write_pain3d
from transferpain.data.synthetic.settings import TwinSettings
from transferpain.data.synthetic.unbc import plan_unbc, write_unbc

# Raised whenever the drawn frames of equal settings change.
GENERATOR_VERSION = 4
MARK = "SYNTHETIC.json"
UNFINISHED_MARK = "SYNTHETIC.unfinished.json"
# Named like what a killed process leaves: alone in a folder, neither makes it anybody's.
LOCK = f"{TEMPORARY}lock"

WRITERS = {
    "biovid": write_biovid,
    "ai4pain": write_ai4pain,
    "unbc": write_unbc,
    "mintpain": write_mintpain,
    "ferplus": write_ferplus,
    "pain3d": write_pain3d,
}
PLANS = {
    "biovid": plan_biovid,
    "ai4pain": plan_ai4pain,
    "unbc": plan_unbc,
    "mintpain": plan_mintpain,
    "ferplus": plan_ferplus,
    "pain3d": plan_pain3d,
}


def write_twin(dataset: str, out: Path, settings: TwinSettings, advance: Callable[[int], object]) -> None:
    """Write the twin of `dataset` to `out/<dataset>/`, or finish one that was interrupted.

    `SYNTHETIC.json` is written last; until then `SYNTHETIC.unfinished.json` marks the folder. A twin that is there
    with equal settings is left as it is; one that another process draws is waited for.

    Args:
        dataset: a key of `WRITERS`.
        out: the data root.
        settings: size, seed, null.
        advance: called with the number of frames (FER+: images) that were drawn.

    Raises:
        UserError: for an unknown dataset, settings that it cannot have, and a folder that holds anything but this
            very twin.
    """
    require_known(dataset)
    if is_drawn(dataset, out, settings):
        return
    folder = Path(out) / dataset
    _require_own(folder, twin_facts(dataset, settings))
    # Settings that the dataset cannot have are refused before anything is on disk.
    PLANS[dataset](settings)
    with one_process(folder / LOCK, _note_waiting):
        try:
            if not is_drawn(dataset, out, settings):
                _draw(dataset, folder, settings, advance)
        finally:
            (folder / LOCK).unlink(missing_ok=True)


def _draw(dataset: str, folder: Path, settings: TwinSettings, advance: Callable[[int], object]) -> None:
    facts = twin_facts(dataset, settings)
    _require_own(folder, facts)
    for torn in list(folder.rglob(f"{TEMPORARY}*")):
        if torn.name != LOCK:
            shutil.rmtree(torn) if torn.is_dir() and not torn.is_symlink() else torn.unlink(missing_ok=True)
    write_json(folder / UNFINISHED_MARK, facts)
    WRITERS[dataset](folder, settings, advance)
    write_json(folder / MARK, facts)
    (folder / UNFINISHED_MARK).unlink()


def _require_own(folder: Path, facts: dict) -> None:
    """Refuse a folder that holds anything but the beginning of the twin of these facts."""
    if (folder / UNFINISHED_MARK).is_file():
        _require_equal(folder, UNFINISHED_MARK, facts)
    elif folder.exists() and (not folder.is_dir() or not all(map(_is_torn, folder.iterdir()))):
        raise UserError(
            "The folder holds files that are no synthetic twin.",
            rule="A twin is only written to an empty or new folder, so that no real data is ever overwritten.",
            received=folder,
            todo="Give another --out folder.",
        )


def _is_torn(path: Path) -> bool:
    return path.name.startswith(TEMPORARY) and path.is_file()


def _note_waiting() -> None:
    note("Another process draws this twin: waiting for it.")


def require_known(dataset: str) -> None:
    """Refuse a dataset without a twin."""
    if dataset not in WRITERS:
        raise UserError(
            "There is no synthetic twin of this dataset.",
            rule=f"Twins exist for {', '.join(sorted(WRITERS))}.",
            received=dataset,
            todo="Pick one of these.",
        )


def is_drawn(dataset: str, out: Path, settings: TwinSettings) -> bool:
    """Tell whether the twin stands whole in `out/<dataset>/`.

    Raises:
        UserError: if another twin stands there; the settings that differ are named.
    """
    folder = Path(out) / dataset
    if not (folder / MARK).is_file():
        return False
    _require_equal(folder, MARK, twin_facts(dataset, settings))
    return True


def count_frames(dataset: str, settings: TwinSettings) -> int:
    """Return how many frames (FER+: images) `write_twin` reports in all.

    Raises:
        UserError: for an unknown dataset, and settings that it cannot have.
    """
    require_known(dataset)
    return sum(getattr(plan, "frames", 1) for plan in PLANS[dataset](settings))


def twin_facts(dataset: str, settings: TwinSettings) -> dict:
    """Return what `SYNTHETIC.json` says."""
    return {"synthetic": True, "dataset": dataset, "generator_version": GENERATOR_VERSION, **settings.facts()}


def _require_equal(folder: Path, mark: str, facts: dict) -> None:
    found = read_json(folder / mark)
    if not isinstance(found, dict):
        raise DamagedFile(
            f"The file {folder / mark} is damaged.",
            rule="It holds the settings of a twin.",
            received=str(found)[:80],
            todo="Give another --out folder, or delete the twin there.",
        )
    if found != facts:
        differing = sorted(key for key in {*found, *facts} if found.get(key) != facts.get(key))
        raise UserError(
            "The folder holds a synthetic twin with other settings.",
            rule="A folder holds one twin; settings that differ: " + ", ".join(differing) + ".",
            received=folder,
            todo="Give another --out folder, or delete the twin there.",
        )
