"""The strategy `federated` through the real command line: a kill, its bundle, its page, clients of a column."""

import os
import shutil
import signal
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.command_line import EXPERIMENTS
from tests.forked_program import ForkedProgram, forked
from tests.waiting import wait_until
from transferpain.apps.predict.loaded_model import load_model
from transferpain.core.overrides import parse_overrides
from transferpain.core.store import read_json
from transferpain.data.places import Places
from transferpain.experiments.leakage.checks import read_checks
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.runner import make_plan
from transferpain.experiments.schema import load_experiment
from transferpain.models.bundles.manifest import MANIFEST

pytestmark = pytest.mark.slow
SETTINGS = (
    "task=biovid-five",
    "source=untrained",
    "backbone=squeezenet",
    "faces.size=32",
    "features.fps=null",
    "window.seconds=0.5",
    "head.hidden=[8]",
    "federated={personal: last_layer, share: 0.5}",
    "protocol={kind: grouped, folds: 2, fold: 0, selection_share: 0.5}",
    "training.epochs=60",
    "training.patience=null",
    "training.checkpoint_seconds=0",
    "seeds=[0]",
)


def arguments(data: Path, workspace: Path) -> list[object]:
    words = [word for setting in SETTINGS for word in ("--set", setting)]
    return ["run", EXPERIMENTS / "biovid-federated.yaml", "--data-root", data, "--workspace", workspace, *words]


@pytest.fixture(scope="module")
def run(small_twin, tmp_path_factory) -> RunFolder:
    """A run that was killed between two rounds, and went on."""
    workspace = tmp_path_factory.mktemp("federated")
    experiment = load_experiment(EXPERIMENTS / "biovid-federated.yaml", parse_overrides(list(SETTINGS)))
    plan = make_plan(experiment, EXPERIMENTS, Places(small_twin, workspace))
    started = ForkedProgram(*arguments(small_twin, workspace))
    wait_until((plan.run.fold("fold0", 0) / "checkpoint.npz").is_file, started)
    os.kill(started.pid, signal.SIGKILL)
    assert started.wait() == -signal.SIGKILL
    assert not plan.run.is_done
    resumed = forked(*arguments(small_twin, workspace))
    assert resumed.returncode == 0, resumed.stderr
    assert "SYNTHETIC" in resumed.stdout
    return plan.run


def test_killed_between_rounds_it_ends_with_the_same_answers(run, small_twin, tmp_path):
    workspace = run.path.parents[1]
    shutil.copytree(workspace / "cache", tmp_path / "cache")
    undisturbed = forked(*arguments(small_twin, tmp_path))
    assert undisturbed.returncode == 0, undisturbed.stderr
    expected = RunFolder(tmp_path / run.path.relative_to(workspace)).predictions()
    pd.testing.assert_frame_equal(run.predictions(), expected, check_exact=True)
    assert not [line for line in read_checks(run.path) if line.state == "fail" and line.number in (1, 2, 4, 5, 6)]
    assert not list(run.path.rglob("checkpoint*"))


def test_its_bundle_is_a_head_like_any_other_and_its_card_says_who_trained_it(run):
    verified = forked("models", "verify", run.model, "--reproduce")
    assert verified.returncode == 0, verified.stderr
    card = (run.model / "README.md").read_text(encoding="utf-8")
    assert "trained by federated averaging" in card
    assert "Its last layer is the mean of the clients' own ones." in card
    stated = read_json(run.model / MANIFEST)
    assert stated["reads"] == "features"
    assert stated["federated"]["personal"] == "last_layer"
    pictures = np.random.default_rng(0).integers(0, 256, (3, 40, 40, 3), np.uint8)
    said = load_model(run.model).predict(pictures)
    assert said.shape == (3, 5)
    np.testing.assert_allclose(said.sum(axis=1), 1, rtol=1e-4)


def test_the_page_states_what_left_the_clients(run):
    (page,) = (run.path.parents[1] / "reports").glob("*/index.html")
    text = page.read_text(encoding="utf-8")
    assert "What leaves a client" in text
    assert "no differential privacy and no secure aggregation" in text
