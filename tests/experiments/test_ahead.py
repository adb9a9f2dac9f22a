"""Experiments several at a time: the same results, and what fails is left to be told."""

from dataclasses import replace

import pytest

from tests.end_to_end.small_runs import link_tree
from tests.forked_program import forked
from tests.reports.pages import report_of
from tests.small_study import write_small_study
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.experiments.ahead import check_threads, run_ahead
from transferpain.experiments.executors.base import Computing
from transferpain.experiments.run_folder import RunFolder
from transferpain.experiments.study import load_batch


def small_batch(tmp_path):
    study = write_small_study(tmp_path / "experiments")
    return replace(load_batch(study, Places(tmp_path / "data", tmp_path), []), twins={})


def test_one_at_a_time_does_nothing_ahead(tmp_path):
    run_ahead(small_batch(tmp_path), Computing())
    assert [path.name for path in tmp_path.iterdir()] == ["experiments"]


def test_data_that_are_not_there_are_told_before_a_process_starts(tmp_path):
    with pytest.raises(UserError, match="no data folder for BioVid"):
        run_ahead(small_batch(tmp_path), Computing(jobs=2))
    assert [path.name for path in tmp_path.iterdir()] == ["experiments"]


def test_a_source_that_states_its_threads_beside_experiments_that_do_not_is_refused(tmp_path):
    batch = small_batch(tmp_path)
    source = tmp_path / "experiments" / "small-biovid.yaml"
    source.write_text(f"{source.read_text(encoding='utf-8')}threads: 1\n", encoding="utf-8")
    with pytest.raises(UserError, match="with how many threads") as refused:
        check_threads(batch.experiments, batch.folder)
    assert "threads of small-biovid: 1; none stated by ann, lstm" in str(refused.value)
    stated = [one.model_copy(update={"threads": 1}) for one in batch.experiments]
    check_threads(stated, batch.folder)


@pytest.mark.slow
def test_two_at_a_time_give_what_one_after_the_other_gives(finished_study, tmp_path):
    workspace, _, _ = finished_study
    study = write_small_study(tmp_path / "experiments")
    for part in ("data", "cache"):
        link_tree(workspace / part, tmp_path / part)
    result = forked("run", study, "--workspace", tmp_path, "--jobs", 2, "--set", "seeds=[0]")
    assert result.returncode == 0, result.stderr
    assert "experiments/s" in result.stderr
    for name in ("ann", "lstm"):
        tables = []
        for place in (workspace, tmp_path):
            (path,) = (place / "runs").glob(f"{name}-*")
            tables.append(RunFolder(path).predictions().query("seed == 0").reset_index(drop=True))
        assert len(tables[0])
        assert tables[0].equals(tables[1])
    logs = sorted(path.name for path in (report_of(tmp_path, "small") / "logs").iterdir())
    assert logs == ["ann.txt", "lstm.txt"]
