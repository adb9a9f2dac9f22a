import os
import time

import pytest

from tests.experiments.runs.made import make_run
from transferpain.core.errors import UserError
from transferpain.core.store import DAY_SECONDS, write_text
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runs.remove import remove_runs, size_of


def below(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*"))


def test_a_run_goes_whole_and_the_others_stay(tmp_path):
    first, second = make_run(tmp_path, "ann"), make_run(tmp_path, "lstm")
    kept = below(second)
    assert remove_runs([first], tmp_path) == []
    assert list((tmp_path / "runs").iterdir()) == [second]
    assert [name for name in below(second) if name != ".lock"] == kept


def test_of_a_link_in_a_run_the_link_alone_goes(tmp_path):
    folder, mine = make_run(tmp_path, "ann"), tmp_path / "mine"
    write_text(mine / "kept.txt", "kept")
    (folder / "folds" / "link").symlink_to(mine)
    (folder / "link.txt").symlink_to(mine / "kept.txt")
    size = size_of(folder)
    assert remove_runs([folder], tmp_path) == []
    assert (mine / "kept.txt").read_text() == "kept"
    assert size < 1e6


def test_a_link_to_a_run_and_a_run_elsewhere_are_refused(tmp_path):
    elsewhere = make_run(tmp_path / "other", "ann")
    link = tmp_path / "runs" / "ann-fedcba9876543210"
    link.parent.mkdir()
    link.symlink_to(elsewhere)
    write_text(tmp_path / "runs" / "notes" / "a.txt", "")
    for folder in (link, elsewhere, tmp_path / "runs" / "notes", tmp_path / "runs", tmp_path):
        with pytest.raises(UserError, match="is not removed"):
            remove_runs([folder], tmp_path)
    assert (elsewhere / "done").is_file()
    assert link.is_symlink()


def test_a_run_that_is_being_written_is_refused_and_none_goes(tmp_path):
    first, second = make_run(tmp_path, "ann"), make_run(tmp_path, "lstm")
    with RunFolder(second).locked(), pytest.raises(UserError, match="Another process is working on this run"):
        remove_runs([first, second], tmp_path)
    assert (first / "done").is_file()
    assert (second / "done").is_file()


def test_what_a_killed_removal_left_is_cleared_a_day_later(tmp_path):
    folder = make_run(tmp_path, "ann")
    old, young = tmp_path / "runs" / ".partial-1", tmp_path / "runs" / ".partial-2"
    for left in (old, young):
        write_text(left / "lstm-0123456789abcdef" / "done", "")
    before = time.time() - DAY_SECONDS - 60
    os.utime(old, (before, before))
    assert remove_runs([folder], tmp_path) == []
    assert list((tmp_path / "runs").iterdir()) == [young]
