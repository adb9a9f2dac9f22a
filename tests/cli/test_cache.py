"""The cache's commands, as a user calls them."""

import os
import pty
import subprocess
import sys
from functools import partial
from pathlib import Path

import pytest

from tests.command_line import transferpain
from tests.end_to_end.test_permissions import chmod_folders, obey_permissions
from tests.experiments.caches.made import FORMER, add_faces, fill
from tests.forked_program import LIGHT, forked

light = partial(forked, preload=LIGHT)  # what a terminal or a dropped capability decides needs the installed program


def files_of(workspace) -> set:
    return {path for path in (workspace / "cache").rglob("*") if path.is_file() and path.name != ".lock"}


def said(result) -> str:
    return " ".join((result.stdout + result.stderr).split())


def answer(workspace, word: str) -> subprocess.CompletedProcess:
    """Call `cache prune` with somebody at the terminal who answers."""
    own, other = pty.openpty()
    os.write(own, f"{word}\n".encode())
    program = Path(sys.executable).with_name("transferpain")
    command = [program, "cache", "prune", "--workspace", workspace]
    result = subprocess.run(command, stdin=other, capture_output=True, text=True, check=False)
    os.close(own)
    os.close(other)
    return result


def test_the_list_says_what_is_of_no_use_and_removes_nothing(tmp_path):
    usable, former = fill(tmp_path)
    result = light("cache", "list", "--workspace", tmp_path, "--verify")
    assert result.returncode == 0
    for word in (
        FORMER,
        "usable",
        "former",
        "faces",
        "landmarks",
        "features",
        "`transferpain cache prune` would remove",
    ):
        assert word in said(result)
    assert files_of(tmp_path) == usable | former


def test_a_dry_run_and_a_call_that_nobody_answers_remove_nothing(tmp_path):
    usable, former = fill(tmp_path)
    dry = light("cache", "prune", "--dry-run", "--workspace", tmp_path)
    assert dry.returncode == 0
    assert "MB would be removed; nothing was." in said(dry)
    result = light("cache", "prune", "--workspace", tmp_path)  # no terminal is its standard input
    assert result.returncode == 1
    assert "Add --yes" in said(result)
    assert files_of(tmp_path) == usable | former


def test_who_says_no_loses_nothing_and_who_says_yes_what_is_of_no_use(tmp_path):
    usable, former = fill(tmp_path)
    refused = answer(tmp_path, "n")
    assert (refused.returncode, files_of(tmp_path)) == (0, usable | former)
    assert "Nothing was removed." in said(refused)
    agreed = answer(tmp_path, "y")
    assert (agreed.returncode, files_of(tmp_path)) == (0, usable)
    assert f"{len(former)} files removed" in said(agreed)
    again = light("cache", "prune", "--yes", "--workspace", tmp_path)
    assert again.returncode == 0
    assert "is to be removed." in said(again)


@pytest.mark.parametrize("command", [("list",), ("prune", "--yes")], ids=" ".join)
def test_without_a_cache_there_is_nothing_to_do(tmp_path, command):
    result = light("cache", *command, "--workspace", tmp_path)
    assert result.returncode == 0
    assert "Nothing" in result.stdout
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", [("list",), ("prune", "--yes")], ids=" ".join)
def test_a_file_in_place_of_the_cache_is_refused(tmp_path, command):
    (tmp_path / "cache").write_text("mine")
    result = light("cache", *command, "--workspace", tmp_path)
    assert result.returncode == 1
    assert "is not a folder" in result.stderr
    assert "Traceback" not in result.stderr


@pytest.mark.slow
def test_a_cache_that_may_not_be_written_to_is_listed_and_not_pruned(tmp_path):
    usable, former = fill(tmp_path)
    chmod_folders(tmp_path / "cache", 0o555)
    try:
        listed = transferpain("cache", "list", "--workspace", tmp_path, preexec_fn=obey_permissions)
        pruned = transferpain("cache", "prune", "--yes", "--workspace", tmp_path, preexec_fn=obey_permissions)
    finally:
        chmod_folders(tmp_path / "cache", 0o755)
    assert listed.returncode == 0
    assert pruned.returncode == 1
    assert "Permission denied" in pruned.stderr
    assert "Traceback" not in pruned.stderr
    assert files_of(tmp_path) == usable | former


def test_what_cannot_be_read_is_named_and_kept(tmp_path):
    file, folder = add_faces(tmp_path / "cache", "one", FORMER), tmp_path / "cache" / "features" / "ab"
    folder.mkdir(parents=True)
    file.chmod(0)
    folder.chmod(0)
    try:
        result = transferpain("cache", "prune", "--yes", "--workspace", tmp_path, preexec_fn=obey_permissions)
    finally:
        folder.chmod(0o755)
    assert result.returncode == 0
    assert f"unreadable: {file}" in result.stdout.replace("\n", "")
    assert file.is_file()
