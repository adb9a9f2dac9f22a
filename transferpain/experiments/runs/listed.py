"""What each run of a workspace states of itself, in milliseconds: a thousand of them are listed at once."""

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from transferpain.core.errors import DamagedFile, UserError
from transferpain.core.foreign import border
from transferpain.core.locks import alone, locks_are_off
from transferpain.core.record import DONE, hash_now, read_record
from transferpain.evaluation.formatting import with_interval
from transferpain.experiments.run_folder import LOCK, RunFolder
from transferpain.experiments.runs.find import is_run, shortened
from transferpain.strategies.common.stated import first_line

State = Literal["finished", "damaged", "running", "unfinished", "no run"]
METRICS = "metrics.json"
COLUMNS = ["run", "state", "date", "subjects", "balanced accuracy", "chance", "synthetic"]
NOT_KNOWN = "-"
FORMER = "of a former version: `transferpain runs show` computes it"


@dataclass(frozen=True)
class ListedRun:
    """A run as it stands in the list.

    Attributes:
        state: `running` while a process holds it.
        how: what is wrong with a damaged one, and how many trainings of an unfinished one are done.
        date: when it was finished, or changed last, in UTC.
        score: of its test part: `value`, `low`, `high` and `reason`; None without one.
        chance: balanced accuracy of an answer that does not look.
        subjects: of its test part; None where the data name none.
        synthetic: whether drawn faces took part; None where it does not say so yet.
    """

    folder: Path
    state: State
    how: str = ""
    date: str = ""
    score: dict[str, Any] | None = None
    chance: float | None = None
    subjects: int | None = None
    synthetic: bool | None = None


def list_run(folder: Path, thorough: bool = False) -> ListedRun:
    """Say what a run's folder states, and what is wrong with it.

    The scores' own bytes are compared with what the finished run states; of all other files the sizes are.

    Args:
        thorough: every byte is read, the predictions among them.
    """
    if not is_run(folder):
        return ListedRun(folder, "no run", "it holds no experiment", _changed(folder))
    listed = ListedRun(folder, "unfinished", date=_changed(folder))
    try:
        with border("what it states is of no known form", rule="", todo=""):
            listed = _read(folder, listed, thorough)
    except (OSError, UserError) as error:
        listed = replace(listed, state="damaged", how=first_line(error))
    return replace(listed, state="running") if listed.state != "finished" and is_held(folder) else listed


def _read(folder: Path, listed: ListedRun, thorough: bool) -> ListedRun:
    run = RunFolder(folder)
    record = read_record(folder)
    facts = _facts(run, record)
    listed = replace(listed, synthetic=facts.get("synthetic"))
    if record is None and run.fault() is None:
        planned = [str(name) for name in facts.get("folds", [])]
        done = sum((folder / "folds" / name / DONE).is_file() for name in planned)
        return replace(listed, how=f"{done} of {len(planned)} trainings" if planned else "")
    fault = run.fault() if thorough or record is None else _fault(folder, record)
    scores = {} if fault else run.metrics()
    if scores:
        listed = replace(listed, subjects=scores["subjects"] if scores.get("has_subjects") else None)
    if record is not None and scores and scores["all"] is not None:
        score = {key: scores["all"]["balanced_accuracy"][key] for key in ("value", "low", "high")}
        reason = scores["all"]["balanced_accuracy"].get("reason") or ""
        if "kept" not in scores["all"]["accuracy"]:
            score, reason = score | {"low": None, "high": None}, FORMER
        chance = 1 / (len(facts["classes"]) - len(scores["absent"]))
        listed = replace(listed, score=score | {"reason": reason}, chance=chance)
    elif record is None:
        listed = replace(listed, how=FORMER)
    state: State = "damaged" if fault else "finished"
    finished = str(record["finished"]) if record and "finished" in record else listed.date
    return replace(listed, state=state, how=fault or listed.how, date=finished)


def _facts(run: RunFolder, record: dict[str, Any] | None) -> dict[str, Any]:
    """Return the facts of a run; none where they are not what the finished run states, as its fault tells then."""
    try:
        return run.facts() if (run.path / "facts.json").is_file() else {}
    except DamagedFile:
        if record is not None and _fault(run.path, record):
            return {}
        raise


def _fault(folder: Path, record: dict[str, Any]) -> str:
    """Return what is wrong with a finished run, as far as names, sizes and the bytes of the scores tell."""
    for name, stated in record["files"].items():
        try:
            size = (folder / name).stat().st_size
        except OSError:
            return f"{name} is missing"
        if size != stated.get("bytes"):
            return f"{name} has {size} bytes, not {stated.get('bytes')}"
    if hash_now(folder / METRICS) != record["files"].get(METRICS, {}).get("sha256"):
        return f"{METRICS} is not the file that was written"
    if record.get("run", folder.name) != folder.name:
        return f"it is the run {record['run']}"
    lost = [str(name) for name in record.get("folds", []) if not (folder / "folds" / str(name) / DONE).is_file()]
    return f"{lost[0]}: its results are gone" if lost else ""


def is_held(folder: Path) -> bool:
    """Tell whether a process is working on a run; nobody knows where locks are off."""
    lock = folder / LOCK
    if locks_are_off() or lock.is_symlink() or not lock.is_file() or not os.access(lock, os.W_OK):
        return False
    try:
        with alone([lock]):
            return False
    except BlockingIOError:
        return True


def _changed(folder: Path) -> str:
    """Return when a run was last written to, as its log tells, in UTC."""
    for path in (folder / "log.txt", folder):
        try:
            return datetime.fromtimestamp(path.stat().st_mtime, UTC).isoformat(timespec="seconds")
        except OSError:
            continue
    return ""


def list_rows(listed: Iterable[ListedRun]) -> list[list[str]]:
    """Return the rows of the list under `COLUMNS`."""
    return [[one.folder.name, state_in_words(one), day_and_time(one.date), *score_cells(one)] for one in listed]


def day_and_time(date: str) -> str:
    """Return a time in UTC to the minute, as people write it."""
    return date[:16].replace("T", " ")


def state_in_words(one: ListedRun) -> str:
    """Return the state with what there is to say of it."""
    return f"{one.state}: {one.how}" if one.how and one.state != "finished" else one.state


def score_cells(one: ListedRun) -> list[str]:
    """Return subjects, score, chance and whether drawn faces took part, as text."""
    score = NOT_KNOWN
    if one.score:
        score = with_interval(*(one.score[key] for key in ("value", "low", "high")), undefined=NOT_KNOWN)
    return [
        NOT_KNOWN if one.subjects is None else str(one.subjects),
        score,
        NOT_KNOWN if one.chance is None else f"{one.chance:.3f}",
        NOT_KNOWN if one.synthetic is None else "SYNTHETIC" if one.synthetic else "no",
    ]


def missing_lines(listed: Sequence[ListedRun]) -> list[str]:
    """Return a line for each reason why a score has no interval, or is not shown, with the runs that it concerns."""
    by_reason: dict[str, list[str]] = {}
    for one in listed:
        reason = one.score["reason"] if one.score and one.score["low"] is None else ""
        if one.state == "finished" and (reason or one.how):
            by_reason.setdefault(reason or one.how, []).append(one.folder.name)
    return [f"no interval: {reason} ({shortened(who)})" for reason, who in by_reason.items()]
