"""What a run is computed with is written down."""

import pytest

from transferpain.core.store import read_json, write_json
from transferpain.experiments.environment import processor_name, project_commit, write_environment
from transferpain.experiments.run_folder import RunFolder


def test_the_environment_states_versions_machine_and_commit(tmp_path):
    run = RunFolder(tmp_path)
    write_environment(run)
    environment = read_json(tmp_path / "environment.json")
    assert environment["versions"]["keras"] == "3.15.1"
    assert environment["machine"]["processor"] == processor_name()
    assert environment["commit"] == project_commit() != ""


def test_versions_of_former_sessions_stay_stated(tmp_path):
    run, path = RunFolder(tmp_path), tmp_path / "environment.json"
    write_environment(run)
    today = read_json(path)
    assert "earlier_versions" not in today
    for version in ("2.19.1", "2.20.0"):
        write_json(path, read_json(path) | {"versions": today["versions"] | {"tensorflow": version}})
        write_environment(run)
    assert read_json(path)["versions"] == today["versions"]
    assert read_json(path)["earlier_versions"] == {"tensorflow": ["2.19.1", "2.20.0"]}


def test_what_changed_the_bits_of_former_sessions_stays_stated(tmp_path, monkeypatch):
    run, path = RunFolder(tmp_path), tmp_path / "environment.json"
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    write_environment(run)
    assert read_json(path)["numerics"]["TF_ENABLE_ONEDNN_OPTS"] == "0"
    monkeypatch.delenv("TF_ENABLE_ONEDNN_OPTS")
    write_environment(run)
    write_environment(run)
    assert read_json(path)["earlier_numerics"] == {"TF_ENABLE_ONEDNN_OPTS": ["0"]}


@pytest.mark.parametrize(
    "content", [b"", b"[]", b"\xff", bytes(9), b'{"versions": 3}', b'{"schema": 99}', b'{"numerics": []}']
)
def test_a_damaged_environment_is_written_anew_with_a_note(tmp_path, content, capsys):
    (tmp_path / "environment.json").write_bytes(content)
    write_environment(RunFolder(tmp_path))
    assert read_json(tmp_path / "environment.json")["versions"]["keras"]
    assert "it is begun anew" in " ".join(capsys.readouterr().err.split())
