import json

from tests.experiments.leakage.runs import draw_evidence
from tests.forked_program import heavy_modules
from transferpain.experiments.leakage.checks import read_checks, run_checks, write_checks
from transferpain.experiments.leakage.registry import CHECKS


def test_the_lines_stand_in_their_order(tmp_path):
    lines = run_checks(draw_evidence(tmp_path))
    assert [line.number for line in lines] == list(range(1, len(CHECKS) + 1))
    assert {line.state for line in lines[:6]} == {"pass"}
    assert [line.number for line in lines if line.state == "not applicable"] == [7]
    assert [line.number for line in lines if line.state == "declared"] == [11]
    assert [line.name for line in lines] == list(CHECKS)
    assert all(line.explanation.endswith(".") for line in lines)


def test_the_same_run_gives_the_same_lines_and_they_are_kept(tmp_path):
    assert read_checks(tmp_path) == ()
    evidence = draw_evidence(tmp_path)
    lines = run_checks(evidence)
    write_checks(tmp_path, lines)
    assert read_checks(tmp_path) == lines == run_checks(evidence)
    assert json.loads((tmp_path / "leakage.json").read_text())["checks"][0]["state"] == "pass"


def test_importing_the_checks_loads_nothing_heavy():
    heavy = {"tensorflow", "keras", "sklearn", "scipy", "cv2", "mediapipe"}
    assert heavy_modules("import transferpain.experiments.leakage.checks", heavy) == set()
