"""What a machine must see: the file, its lock, the toolkit and the data."""

import json
import os
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from tests.command_line import clean_environment
from transferpain.data.places import Places
from transferpain.experiments.executors.look import (
    BYTES,
    PREFIX,
    Seen,
    data_here,
    differences,
    look_here,
    looks,
    toolkit_here,
)

NODE = "transferpain.experiments.executors.node"


@pytest.fixture
def places(small_twin, tmp_path):
    return Places(small_twin, tmp_path)


def seen_elsewhere(look) -> Seen:
    """Return what another process of this machine sees: as a node it asks for the lock."""
    request = json.dumps({"look": asdict(look)}) + "\n"
    with subprocess.Popen(
        [sys.executable, "-m", NODE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, env=clean_environment(), text=True
    ) as process:
        process.stdin.write(request)
        process.stdin.flush()
        answer = json.loads(process.stdout.readline())
    return Seen(**answer["answer"])


def test_a_process_beside_this_one_sees_the_same(places):
    with looks(places, ["biovid"], ["node"]) as asked:
        seen = seen_elsewhere(asked["node"])
        assert seen.problem == ""
        assert len(seen.data["biovid"]) == 16
        assert differences(asked["node"], seen, toolkit_here(), data_here(places, ["biovid"])) == []
    assert not list((places.workspace / "cache").glob(f"{PREFIX}*"))


def test_a_lock_that_does_not_hold_is_noticed(places):
    with looks(places, [], ["node"]) as asked:
        look = asked["node"]
        # As on a file system whose locks each machine keeps for itself.
        copy = Path(look.file).with_name("copy")
        copy.write_text(look.token)
        assert "a file could be locked" in seen_elsewhere(replace(look, file=str(copy))).problem


def test_a_lock_of_a_byte_that_does_not_hold_is_noticed(places):
    with looks(places, [], ["node"]) as asked:
        look = asked["node"]
        link = Path(look.file).with_name("link")
        os.link(look.file, link)
        Path(f"{link}{BYTES}").write_text(look.token)
        assert "a byte could be locked" in seen_elsewhere(replace(look, file=str(link))).problem


def test_a_folder_that_is_another_is_noticed(places, tmp_path):
    with looks(places, [], ["node"]) as asked:
        look = asked["node"]
        gone = look_here(replace(look, file=str(tmp_path / "elsewhere" / "file")))
        assert "elsewhere is not the one that is seen here: No such file" in gone["problem"]
        other = look_here(replace(look, token="another"))
        assert "the file in it is another" in other["problem"]


def test_a_folder_that_works_are_begun_in_and_that_is_not_there_is_noticed(places, tmp_path):
    folders = [tmp_path, tmp_path / "of the command"]
    with looks(places, [], ["node"], folders) as asked:
        assert seen_elsewhere(asked["node"]).problem == f"the folder {folders[1]} is not there"
        folders[1].mkdir()
        assert seen_elsewhere(asked["node"]).problem == ""


def test_a_folder_that_cannot_be_written_is_noticed(places, tmp_path):
    with looks(places, [], ["node"]) as asked:
        look = replace(asked["node"], back=str(tmp_path / "no folder" / "back"))
        assert "cannot be used: No such file or directory" in seen_elsewhere(look).problem


def test_what_is_otherwise_is_named(places):
    with looks(places, [], ["node"]) as asked:
        look = asked["node"]
        here = toolkit_here()
        assert differences(look, Seen("", here, {}), here, {}) == [
            f"what it writes to {Path(look.back).parent} is not seen here"
        ]
        Path(look.back).write_text(look.token)
        there = here | {"keras": "3.0.0", "code": "0" * 16, "commit": "git is not installed"}
        found = differences(look, Seen("", there, {"unbc": "b"}), here, {"unbc": "a", "biovid": "c"})
        assert found == [
            f"the toolkit's code {'0' * 16} of commit git is not installed, here "
            f"the toolkit's code {here['code']} of commit {here['commit']}",
            f"keras 3.0.0, here keras {here['keras']}",
            "the data of unbc are others: b, here a",
            "the data of biovid are others: not seen, here c",
        ]
        # A machine without git has the same code.
        assert differences(look, Seen("", here | {"commit": "git is not installed"}, {}), here, {}) == []


def test_data_that_are_not_there_are_told_as_such(tmp_path):
    assert data_here(Places(tmp_path, tmp_path), ["biovid"])["biovid"].startswith("No data of BioVid")
