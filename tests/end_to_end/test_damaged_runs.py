"""A run whose files a power cut, a disk or a hand has damaged goes on, says so, and predicts the same bits."""

from pathlib import Path

import pytest

from tests.data.media import faulty_videos
from tests.end_to_end.small_runs import assert_predicts_as, call, copy_parts, fail, succeed
from tests.forked_program import forked
from transferpain.core.store import read_json, write_json
from transferpain.experiments.run_folder import RunFolder

pytestmark = pytest.mark.slow


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-20])


def zero(path: Path) -> None:
    path.write_bytes(bytes(path.stat().st_size))


def spoil(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] = 0xFF
    path.write_bytes(content)


def test_whatever_is_damaged_is_made_again_and_the_rest_is_kept(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data", "cache/faces", "cache/features")
    succeed(call("run", workspace))
    (path,) = (workspace / "runs").glob("ai4pain-ann-*")
    run = RunFolder(path)
    scores, kept = run.metrics(), (path / "folds" / "test-seed1" / "predictions.parquet").stat()
    assert not list(path.glob("folds/*/model"))

    # Side files of a finished run, among them scores that somebody has embellished.
    for name in ("facts.json", "experiment.yaml"):
        spoil(path / name)
    (path / "leakage.json").unlink()
    (path / "leakage.json" / "kept").mkdir(parents=True)
    faulty_videos.empty(path / "environment.json")
    zero(path / "cost.json")
    zero(path / "transferability.json")
    (path / "log.txt").unlink()
    (path / "log.txt").mkdir()
    write_json(path / "metrics.json", read_json(path / "metrics.json") | {"coverage": 2.0})
    said = succeed(call("run", workspace))
    for words in ("is finished, but damaged", "cost.json is damaged", "environment.json is damaged"):
        assert words in said
    assert "is trained again" not in said
    assert run.metrics() == scores
    assert run.is_done
    assert read_json(path / "cost.json")["sessions"] == 1
    assert (path / "leakage.json.damaged-1" / "kept").is_dir()

    # A fold: no report is made of it, and the others stay.
    spoil(path / "folds" / "test-seed0" / "predictions.parquet")
    assert "test-seed0: predictions.parquet" in fail(forked("report", path, "--workspace", workspace))
    said = succeed(call("run", workspace))
    assert "seed 0, is trained again, as its results are damaged: predictions.parquet is not the file" in said
    assert "seed 1, is trained again" not in said
    assert (path / "folds" / "test-seed1" / "predictions.parquet").stat() == kept
    assert run.is_done

    # Before the end: what is lost while `done` stands, and what is cut short.
    for name in ("done", "metrics.json"):
        (path / name).unlink()
    (path / "folds" / "test-seed0" / "predictions.parquet").unlink()
    cut(path / "folds" / "test-seed1" / "history.csv")
    said = succeed(call("run", workspace))
    assert said.count("is trained again, as its results are damaged") == 2
    assert_predicts_as(finished, workspace)
    assert run.metrics() == scores
    assert "again" not in succeed(call("run", workspace))
