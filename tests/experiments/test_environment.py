"""What a run is computed with is written down."""

from transferpain.core.store import read_json
from transferpain.experiments.environment import processor_name, project_commit, write_environment
from transferpain.experiments.run_folder import RunFolder


def test_the_environment_states_versions_machine_and_commit(tmp_path):
    run = RunFolder(tmp_path)
    write_environment(run)
    environment = read_json(tmp_path / "environment.json")
    assert environment["versions"]["keras"] == "3.15.1"
    assert environment["machine"]["processor"] == processor_name()
    assert environment["commit"] == project_commit() != ""
