"""Folders and files that may not be read or written, through the real command line."""

import ctypes
import shutil
from pathlib import Path

import pytest

from tests.command_line import transferpain
from tests.end_to_end.small_runs import assert_predicts_as, call, copy_parts, fail, link_tree, succeed

pytestmark = pytest.mark.slow


PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH = 24, 1, 2


def obey_permissions() -> None:
    """Let permission bits count in a program started by root as well: what is dropped is lost when it starts."""
    for capability in (CAP_DAC_OVERRIDE, CAP_DAC_READ_SEARCH):
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability, 0, 0, 0)


def chmod_folders(folder: Path, mode: int) -> None:
    for path in [folder, *(path for path in folder.rglob("*") if path.is_dir())][::-1]:
        path.chmod(mode)


@pytest.mark.parametrize("mode", [0o555, 0o000])
@pytest.mark.parametrize("part", ["cache", "runs"])
def test_a_folder_without_permission_is_named(finished, tmp_path, part, mode):
    workspace = copy_parts(finished, tmp_path, "data")
    (workspace / part).mkdir()
    if part == "runs":
        link_tree(finished / "cache", workspace / "cache")
    (workspace / part).chmod(mode)
    try:
        message = fail(call("run", workspace, start=transferpain, preexec_fn=obey_permissions))
    finally:
        (workspace / part).chmod(0o755)
    assert str(workspace / part) in message
    assert "Permission denied" in message or "Change its permissions" in message
    assert "video cannot be read" not in message


def test_a_complete_cache_needs_no_permission_to_write(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data", "cache")
    succeed(call("extract", workspace))
    chmod_folders(workspace / "cache", 0o555)
    try:
        succeed(call("run", workspace, start=transferpain, preexec_fn=obey_permissions))
    finally:
        chmod_folders(workspace / "cache", 0o755)
    assert_predicts_as(finished, workspace)


def test_a_video_without_permission_is_unusable(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data")
    folder = workspace / "data" / "ai4pain" / "Train" / "video" / "1"
    (folder / "1_Baseline.mp4").rename(folder / "kept.tmp")
    shutil.copyfile(folder / "kept.tmp", folder / "1_Baseline.mp4")
    (folder / "1_Baseline.mp4").chmod(0o000)
    result = call("faces", workspace, start=transferpain, preexec_fn=obey_permissions)
    succeed(result)
    assert "unusable: train-1-1_Baseline: the video cannot be read: Permission denied" in result.stdout
