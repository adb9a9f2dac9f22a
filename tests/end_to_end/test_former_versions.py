"""A run that was begun with the detector of a former version, through the real command line."""

import pytest

from tests.end_to_end.small_runs import assert_predicts_as, call, copy_parts, succeed
from tests.reports.pages import report_of
from transferpain.core.store import read_json, write_json
from transferpain.experiments.run_folder import RunFolder
from transferpain.inputs.faces.detectors import detector_identity

pytestmark = pytest.mark.slow


def pretend_former(run: RunFolder) -> None:
    """Let a run's folder say what one says that version 2.0 wrote with mediapipe 0.10.21."""
    (run.path / "done").unlink()
    for done in run.path.glob("folds/*/done"):
        done.write_text("2026-03-01T12:00:00+00:00\n")
    environment = read_json(run.path / "environment.json")
    environment["versions"]["mediapipe"] = "0.10.21"
    write_json(run.path / "environment.json", environment)
    facts = {key: value for key, value in run.facts().items() if key not in ("detector", "folds")}
    write_json(run.path / "facts.json", facts)


def test_former_folds_are_never_mixed_with_todays(finished, tmp_path):
    workspace = copy_parts(finished, tmp_path, "data", "cache")
    succeed(call("run", workspace))
    (path,) = (workspace / "runs").glob("ai4pain-ann-*")
    run = RunFolder(path)
    pretend_former(run)
    finished_before = succeed(call("run", workspace))
    assert "finished with mediapipe 0.10.21, which is not installed, and used as it is" in finished_before
    page = report_of(workspace, "ai4pain-ann") / "index.html"
    assert "0.10.21" in page.read_text(encoding="utf-8")

    (path / "metrics.json").unlink()
    (path / "folds" / "test-seed1" / "done").unlink()
    said = succeed(call("run", workspace))
    assert f"was begun with mediapipe 0.10.21: it is computed again with {detector_identity('mediapipe')}" in said
    assert_predicts_as(finished, workspace)
    assert run.facts()["detector"] == detector_identity("mediapipe")
    assert RunFolder(path / "former-1").fold_is_done("test", 0)
    assert "0.10.21" not in page.read_text(encoding="utf-8")
    assert "0.10.21" not in succeed(call("run", workspace))
