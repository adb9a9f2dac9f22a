import shutil

import pytest

from tests.experiments.runs.made import make_run
from transferpain.core.errors import UserError
from transferpain.core.store import write_text
from transferpain.experiments.runs.find import find_folders, find_run, is_run, name_of, shortened


def test_a_run_is_named_by_its_folder_its_name_or_its_experiment(tmp_path):
    folder = make_run(tmp_path, "ann")
    for text in (str(folder), f"{folder}/", f"{folder.parent}/../runs/{folder.name}", folder.name, "ann"):
        assert find_run(text, tmp_path) == folder
    elsewhere = make_run(tmp_path / "other", "lstm")
    assert find_run(str(elsewhere), tmp_path) == elsewhere
    assert name_of(folder) == "ann"


def test_what_is_no_run_or_several_is_named(tmp_path):
    folder = make_run(tmp_path, "ann")
    shutil.copytree(folder, folder.with_name("ann-fedcba9876543210"))
    with pytest.raises(UserError, match=r"Several runs are called ann\.[\s\S]*ann-0123456789abcdef"):
        find_run("ann", tmp_path)
    with pytest.raises(UserError, match=r"There is no run lstm\.[\s\S]*ann-fedcba9876543210"):
        find_run("lstm", tmp_path)
    with pytest.raises(UserError, match="no run"):
        find_run("ann", tmp_path / "elsewhere")


def test_folders_of_other_things_are_no_runs_and_hidden_ones_are_not_seen(tmp_path):
    write_text(tmp_path / "runs" / "notes" / "a.txt", "")
    write_text(tmp_path / "runs" / ".partial-1" / "a.txt", "")
    write_text(tmp_path / "runs" / "file-0123456789abcdef", "")
    assert [folder.name for folder in find_folders(tmp_path)] == ["notes"]
    assert not is_run(tmp_path / "runs" / "notes")
    assert not is_run(tmp_path / "runs" / "file-0123456789abcdef")


def test_of_many_names_a_few_stand():
    assert shortened(["a", "b"]) == "a, b"
    assert shortened(list("abcdefg")) == "a, b, c, d, e and 2 more"
