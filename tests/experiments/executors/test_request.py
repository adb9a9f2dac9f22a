"""What travels says all of an experiment, and what its file leaves to others."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from tests.command_line import EXPERIMENTS
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.experiments.executors.base import Work
from transferpain.experiments.executors.request import read_request, request_of
from transferpain.experiments.schema import load_experiment, read_values

FILES = [path for path in sorted(EXPERIMENTS.glob("*.yaml")) if not {"study", "matrix"} & set(read_values(path))]


def log_of(work: Work) -> Path:
    return Path("logs") / f"{work.name}.txt"


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_every_shipped_experiment_arrives_as_it_was_with_what_it_states(path, tmp_path):
    try:
        experiment = load_experiment(path, {"seeds": [3], "threads": 2})
    except UserError as error:
        pytest.skip(str(error))
    work = Work("name", experiment, "features", (1, 200))
    places = Places(tmp_path / "data", tmp_path)
    text = request_of([work, replace(work, name="next")], EXPERIMENTS, places, log_of).text()
    assert "\n" not in text
    arrived = read_request(json.loads(text))
    assert [one.work for one in arrived.works] == [work, replace(work, name="next")]
    there = arrived.works[0].work.experiment
    assert there.resolved() == experiment.resolved()
    assert there.model_fields_set == experiment.model_fields_set
    assert there.faces.model_fields_set == experiment.faces.model_fields_set
    assert arrived.places == Places((tmp_path / "data").resolve(), tmp_path.resolve())


def test_paths_travel_as_absolute_ones(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    work = Work("name", load_experiment(FILES[0]))
    request = request_of([work], Path("experiments"), Places(Path("data"), Path()), log_of)
    here = str(tmp_path.resolve())
    assert (request.folder, request.data_root) == (f"{here}/experiments", f"{here}/data")
    assert (request.workspace, request.directory, request.works[0].log) == (here, here, f"{here}/logs/name.txt")
