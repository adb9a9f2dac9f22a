"""A disk that fills up in any stage, through the real command line."""

import re
import resource
import shutil
from functools import partial

import pytest

from tests.end_to_end.small_runs import assert_predicts_as, call, copy_parts, fail, succeed
from tests.forked_program import forked
from tests.reports.pages import report_of
from transferpain.core.store import file_hash

pytestmark = pytest.mark.slow


def full_at(number_of_bytes: int):
    """Let no file grow beyond a size, as on a full disk: writes fail, with another error number."""
    return partial(resource.setrlimit, resource.RLIMIT_FSIZE, (number_of_bytes, number_of_bytes))


def test_on_a_full_disk_every_stage_says_so_and_goes_on_afterwards(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data")
    # What has room so far, and the largest file that the next stage's do not fit into.
    for stage, room, bar in [
        ("faces", 10_000, "faces"),
        ("extract", 5_000, "features"),
        ("run", 1_000_000, "ann test"),
    ]:
        message = fail(call("run", workspace, preexec_fn=full_at(room)))
        assert bar in message
        assert re.search(r"cannot be read or written|could not be read or written", message)
        assert re.search(r"What (is|was) finished is kept", message)
        assert not list((workspace / "runs").rglob(".partial-*"))
        succeed(call(stage, workspace))
    assert_predicts_as(finished, workspace)
    shutil.rmtree(workspace / "reports")
    message = fail(call("run", workspace, preexec_fn=full_at(5_000)))
    assert "File too large" in message
    succeed(call("run", workspace))
    assert (report_of(workspace, "ai4pain-ann") / "index.html").is_file()


def test_a_twin_cut_short_by_a_full_disk_is_drawn_to_its_end(finished, tmp_path):
    command = ("data", "twin", "biovid", "--out", tmp_path, "--subjects", "9", "--clips", "1", "--seconds", "0.6")
    message = fail(forked(*command, preexec_fn=full_at(30_000)))
    assert "the disk may be full" in message
    succeed(forked(*command))
    assert not list(tmp_path.rglob(".partial-*"))
    drawn = {path.relative_to(tmp_path): file_hash(path) for path in tmp_path.rglob("*.mp4")}
    first = finished / "data"
    assert drawn == {path.relative_to(first): file_hash(path) for path in (first / "biovid").rglob("*.mp4")}
