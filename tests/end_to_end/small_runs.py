"""Calls the small study's `ann` in workspaces that are made of parts of a finished one."""

import os
import shutil
import subprocess
from pathlib import Path

import pandas as pd

from tests.forked_program import forked
from tests.small_study import write_small_study
from transferpain.experiments.run_folder import RunFolder

# The study's `ann`, called by its own file; its source is the study's trained one.
SMALL = ("faces.size=32", "faces.detector=mediapipe", "features.fps=10", "window.seconds=0.5", "training.epochs=2")


def settings(*overrides: str) -> list[str]:
    return [word for override in overrides for word in ("--set", override)]


def call(command: str, workspace: Path, *overrides: str, data_root: Path | None = None, start=forked, **options):
    """Call `run`, `extract` or `faces` for the study's `ann`; `start` is `forked` or `transferpain`."""
    experiment = workspace / "experiments" / "ai4pain-ann.yaml"
    places = ("--workspace", workspace, "--data-root", data_root or workspace / "data")
    ann = (*SMALL, "seeds=[0, 1]", f"source={workspace / 'source'}")
    return start(command, experiment, *places, *settings(*ann, *overrides), **options)


def succeed(result: subprocess.CompletedProcess) -> str:
    """Return what a command that went well has written to standard error, on one line."""
    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    return " ".join(result.stderr.split())


def fail(result: subprocess.CompletedProcess) -> str:
    """Return the message of a command that could not go on, on one line."""
    assert result.returncode == 1, result.stderr
    assert "Traceback" not in result.stderr
    assert result.stdout == ""
    return " ".join(result.stderr.split())


def copy_parts(finished: Path, workspace: Path, *parts: str) -> Path:
    """Make a workspace with the source and parts of a finished one, such as `data`; files are hard links."""
    write_small_study(workspace / "experiments")
    (source,) = (finished / "runs").glob("small-biovid-*/model")
    link_tree(source, workspace / "source")
    for part in parts:
        link_tree(finished / part, workspace / part)
    return workspace


def link_tree(source: Path, target: Path) -> None:
    """Copy a folder as hard links, without its locks, which two names would share, and half-written files."""
    unfinished = shutil.ignore_patterns(".lock*", "*.lock", ".partial-*")
    shutil.copytree(source, target, copy_function=os.link, ignore=unfinished)


def predictions_of(workspace: Path, name: str) -> pd.DataFrame:
    (path,) = (workspace / "runs").glob(f"{name}-*")
    return RunFolder(path).predictions()


def assert_predicts_as(finished: Path, workspace: Path, name: str = "ai4pain-ann") -> None:
    """Compare with the finished study's `ann`, bit for bit."""
    expected = predictions_of(finished, "ann")
    pd.testing.assert_frame_equal(predictions_of(workspace, name), expected, check_exact=True)
