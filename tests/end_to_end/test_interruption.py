"""Kills and stops in every stage: the next run goes on, computes nothing twice, and predicts the same bits."""

import json
import os
import re
import shutil
import signal
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.end_to_end.small_runs import link_tree
from tests.forked_program import ForkedProgram, forked
from tests.small_study import write_small_study
from tests.waiting import wait_until
from transferpain.core.cost import read_cost
from transferpain.core.store import checksum_path
from transferpain.experiments.run_folder import RunFolder

pytestmark = pytest.mark.slow

LIVE = {"FORCE_COLOR": "1", "TERM": "xterm", "COLUMNS": "120"}  # bars are drawn although nobody sees a terminal


class Started:
    """A command, with `group` in a process group of its own as a terminal starts it, and its standard error."""

    def __init__(self, *arguments: object, group: bool = False):
        self.group = group
        self.program = ForkedProgram(*arguments, environment=LIVE, new_session=group)

    @property
    def message(self) -> str:
        return re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", self.program.stderr)

    def wait_for(self, moment: Callable[["Started"], bool]) -> None:
        """Return once `moment` has come; fail if the command ends before."""
        wait_until(lambda: moment(self), self.program)

    def end(self, how: signal.Signals) -> int:
        """Send a signal, to the whole group as a terminal's Ctrl-C, and return the exit code."""
        (os.killpg if self.group else os.kill)(self.program.pid, how)
        return self.program.wait()


def files(workspace: Path, pattern: str) -> list[Path]:
    """Return the files that match `pattern`, without temporary ones."""
    return [path for path in workspace.glob(pattern) if not path.name.startswith(".")]


def at_least(count: int, pattern: str) -> Callable[[Path], Callable[[Started], bool]]:
    """Return a moment of a workspace: that many files match `pattern` in it."""
    return lambda workspace: lambda started: len(files(workspace, pattern)) >= count


def bar_stands(started: Started, label: str) -> bool:
    """Tell whether the bar with this label has been shown."""
    return re.search(rf"{re.escape(label)}\s+[^%\n]*?\d+%", started.message) is not None


# One moment after the other in one workspace: what a kill leaves behind is what the next run starts from.
MOMENTS = {
    "drawing the twin": at_least(8, "data/biovid/video/*/*.mp4"),
    "first faces": at_least(1, "cache/faces/*/*.parquet"),
    "most faces": at_least(12, "cache/faces/*/*.parquet"),
    "source, after the first epoch": at_least(1, "runs/small-biovid-*/folds/*/checkpoint.npz"),
    "source, model saved": at_least(1, "runs/small-biovid-*/folds/*/model/manifest.json"),
    "first features": at_least(1, "cache/features/*/*.npy"),
    "head of seed 0, after the first epoch": at_least(1, "runs/ann-*/folds/test-seed0/checkpoint.npz"),
    "head of seed 1": at_least(1, "runs/ann-*/folds/test-seed0/done"),
    "second head": at_least(1, "runs/lstm-*/folds/test-seed0/checkpoint.npz"),
}


def finished_files(workspace: Path) -> dict[Path, int]:
    """Return the time of change of every file that stands for good: no later run may write it again."""
    cached = [*files(workspace, "cache/faces/*/*.parquet"), *files(workspace, "cache/features/*/*.npy")]
    whole = [path for path in cached if checksum_path(path).is_file()]
    results = [done.with_name("predictions.parquet") for done in files(workspace, "runs/*/folds/*/done")]
    return {path: path.stat().st_mtime_ns for path in [*files(workspace, "data/*/**/*.mp4"), *whole, *results]}


def run_of(workspace: Path, name: str) -> RunFolder:
    (path,) = (workspace / "runs").glob(f"{name}-*")
    return RunFolder(path)


def assert_same_predictions(one: Path, other: Path, names: tuple[str, ...]) -> None:
    for name in names:
        first, second = (run_of(workspace, name).predictions() for workspace in (one, other))
        pd.testing.assert_frame_equal(first, second, check_exact=True)


def test_killed_again_and_again_it_ends_with_the_same_bits(finished_study, tmp_path):
    """The study in another workspace, undisturbed, gives these bits as well: it is the one that is compared with."""
    undisturbed, _, _ = finished_study
    study = write_small_study(tmp_path / "experiments")
    finished = {}
    for name, moment in MOMENTS.items():
        started = Started("run", study, "--workspace", tmp_path)
        started.wait_for(moment(tmp_path))
        assert started.end(signal.SIGKILL) == -signal.SIGKILL, name
        finished |= finished_files(tmp_path)
    last = forked("run", study, "--workspace", tmp_path)
    assert last.returncode == 0, last.stderr
    assert {path: written for path, written in finished_files(tmp_path).items() if path in finished} == finished
    for name in ("small-biovid", "ann", "lstm"):
        log = (run_of(tmp_path, name).path / "log.txt").read_text(encoding="utf-8")
        trained = re.findall(r"test seed \d: \d+ epochs", log)
        assert len(trained) == len(set(trained))
    assert_same_predictions(undisturbed, tmp_path, ("small-biovid", "ann", "lstm"))


def prepared(workspace: Path, finished: Path, *left_out: str) -> Path:
    """Give a workspace the data and the cache of a finished one but for some of its folders, and no runs."""
    shutil.copytree(finished / "data", workspace / "data", copy_function=os.link)
    shutil.copytree(finished / "cache", workspace / "cache", ignore=shutil.ignore_patterns(*left_out))
    write_small_study(workspace / "experiments")
    return workspace


def command_for(stage: str, workspace: Path, experiment: str, overrides: tuple[str, ...]) -> list[object]:
    """Return the arguments that compute one experiment of a workspace, up to a stage."""
    places = ["--workspace", workspace, "--data-root", workspace / "data"]
    settings = [word for override in overrides for word in ("--set", override)]
    return [stage, workspace / "experiments" / f"{experiment}.yaml", *places, *settings]


def finished_epochs(workspace: Path) -> int:
    """Return how many epochs the workspace's only checkpoint stands after, 0 if there is none."""
    checkpoints = list(workspace.glob("runs/*/folds/*/checkpoint.npz"))
    if not checkpoints:
        return 0
    (path,) = checkpoints
    with np.load(path) as file:
        return json.loads(str(file["progress"]))["epoch"]


LONG_SOURCE = ("images.every=2", "training.batch=4", "training.epochs=2")
LONG_HEAD = (
    "source=untrained",
    "training.batch=4",
    "training.epochs=12",
    "training.patience=null",
    "training.checkpoint_seconds=0",
    "seeds=[0]",
)
SMALL = ("backbone=squeezenet", "faces.size=32", "faces.detector=mediapipe", "features.fps=10", "window.seconds=0.5")
# Experiment, overrides, and the bar that stands while it is trained.
TRAININGS = {
    "source": ("small-biovid", LONG_SOURCE, "small-biovid"),
    "dense head": ("ai4pain-ann", (*SMALL, *LONG_HEAD), "ai4pain-ann test seed 0"),
    "sequence head": ("ai4pain-lstm", (*SMALL, *LONG_HEAD), "ai4pain-lstm test seed 0"),
}


@pytest.mark.parametrize("training", TRAININGS)
def test_killed_inside_its_epochs_a_training_ends_with_the_same_bits(finished_study, tmp_path, training):
    finished, _, _ = finished_study
    experiment, overrides, bar = TRAININGS[training]
    workspaces = [tmp_path / "undisturbed", tmp_path / "killed"]
    commands = [command_for("run", prepared(place, finished), experiment, overrides) for place in workspaces]
    undisturbed = forked(*commands[0])
    assert undisturbed.returncode == 0, undisturbed.stderr
    epochs = []
    # Killed when the training has begun, and again when it has finished an epoch more than that.
    for moment in (lambda now: bar_stands(now, bar), lambda now: finished_epochs(workspaces[1]) > epochs[0]):
        started = Started(*commands[1])
        started.wait_for(moment)
        assert started.end(signal.SIGKILL) == -signal.SIGKILL
        epochs.append(finished_epochs(workspaces[1]))
    if training == "source":
        assert epochs == [0, 1]  # inside the first epoch and inside the second
    else:
        assert 0 <= epochs[0] < epochs[1] < 12
    last = forked(*commands[1])
    assert last.returncode == 0, last.stderr
    assert_same_predictions(*workspaces, (experiment,))
    assert read_cost(run_of(workspaces[1], experiment).path).sessions == len(epochs) + 1


def test_killed_inside_extraction_no_clip_is_embedded_again(finished_study, tmp_path):
    finished, _, _ = finished_study
    workspace = prepared(tmp_path, finished, "features")
    command = command_for("extract", workspace, "ai4pain-ann", (*SMALL, "source=untrained"))
    written = []
    for clips in (2, 8, 14):
        started = Started(*command)
        started.wait_for(at_least(clips, "cache/features/*/*.npy")(tmp_path))
        assert started.end(signal.SIGKILL) == -signal.SIGKILL
        written.append(finished_files(tmp_path))
    last = forked(*command)
    assert last.returncode == 0, last.stderr
    after = finished_files(tmp_path)
    assert len(written[0]) < len(written[-1]) < len(after)
    for before in written:
        assert before.items() <= after.items()
    for path in files(tmp_path, "cache/features/*/*.npy"):
        assert path.read_bytes() == (finished / path.relative_to(tmp_path)).read_bytes()


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGTERM])
@pytest.mark.parametrize("stage", ["drawing the biovid twin", "faces", "small-biovid"])
def test_a_stop_is_answered_with_a_message_and_loses_nothing(finished_study, tmp_path, how, stage):
    study = write_small_study(tmp_path / "experiments")
    if stage != "drawing the biovid twin":
        shutil.copytree(finished_study[0] / "data", tmp_path / "data", copy_function=os.link)
    if stage == "small-biovid":
        link_tree(finished_study[0] / "cache", tmp_path / "cache")
    started = Started("run", study, "--workspace", tmp_path, group=True)
    started.wait_for(lambda now: stage in now.message)
    before = finished_files(tmp_path)
    assert started.end(how) == 130
    assert "stopped; what was finished is kept" in " ".join(started.message.split())
    assert "Traceback" not in started.message
    assert before.items() <= finished_files(tmp_path).items()
    assert not list(tmp_path.rglob(".partial-*"))
