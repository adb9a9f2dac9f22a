"""What travels says all of an experiment, and what its file leaves to others."""

import json
from pathlib import Path

import pytest

from tests.command_line import EXPERIMENTS
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.experiments.executors.base import Work
from transferpain.experiments.executors.request import Request, request_of
from transferpain.experiments.schema import load_experiment, read_values

FILES = [path for path in sorted(EXPERIMENTS.glob("*.yaml")) if not {"study", "matrix"} & set(read_values(path))]


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_experiment_arrives_as_it_was_with_what_it_states(path, tmp_path):
    try:
        experiment = load_experiment(path, {"seeds": [3], "threads": 2})
    except UserError as error:
        pytest.skip(str(error))
    work = Work("name", experiment, "features", (1, 200))
    text = request_of(work, EXPERIMENTS, Places(tmp_path / "data", tmp_path), tmp_path / "log.txt").text()
    assert "\n" not in text
    arrived = Request(**json.loads(text))
    assert arrived.work == work
    assert arrived.work.experiment.resolved() == experiment.resolved()
    assert arrived.work.experiment.model_fields_set == experiment.model_fields_set
    assert arrived.work.experiment.faces.model_fields_set == experiment.faces.model_fields_set
    assert arrived.places == Places((tmp_path / "data").resolve(), tmp_path.resolve())


def test_paths_travel_as_absolute_ones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    work = Work("name", load_experiment(FILES[0]))
    request = request_of(work, Path("experiments"), Places(Path("data"), Path()), Path("log.txt"))
    here = str(tmp_path.resolve())
    assert (request.folder, request.data_root) == (f"{here}/experiments", f"{here}/data")
    assert (request.workspace, request.directory, request.log) == (here, here, f"{here}/log.txt")
