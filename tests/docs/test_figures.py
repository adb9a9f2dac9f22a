"""docs/figures.py: what documents print is what was kept of their commands, or is marked as older."""

import json
import runpy
from pathlib import Path

import pandas as pd
import pytest

from transferpain.core.store import write_json

ROOT = Path(__file__).parents[2]
COMMAND = runpy.run_path(str(ROOT / "docs" / "figures.py"))
KEPT = {"value": [0.6149, 0.06], "low": [0.571, -0.02], "high": [0.6501, 0.14]}


def states(root: Path) -> list[tuple[str, str]]:
    return [(one.text, one.state) for one in COMMAND["printed"](root, root / "kept")]


@pytest.fixture
def pages(tmp_path):
    """A README to be written, and what one command has measured."""
    (tmp_path / "kept").mkdir()
    pd.DataFrame(KEPT).to_csv(tmp_path / "kept" / "one-demo.csv", index=False)
    return tmp_path


def test_every_figure_of_the_documents_is_kept_or_marked():
    faulty = [one for one in COMMAND["printed"]() if one.state in COMMAND["FAULTS"]]
    assert not faulty


@pytest.mark.parametrize(
    ("row", "state"),
    [
        ("| `make one-demo` | .61 [.57, .65] |", "held"),
        ("| `make one-demo` | .615 [.571, .650] |", "held"),
        ("| `make one`, `make one-demo` | +.06 [-.02, .14] |", "held"),
        ("| `make one-demo` | the other way round -.06 [-.14, .02] |", "held"),
        ("| `make one-demo` | .62 [.57, .65] |", "differs"),
        ("| `make one-demo` | .61 [.57, .66] |", "differs"),
        ("| `make one-demo` | .62 [.57, .66] (to be measured again) |", "marked"),
        ("| `make other-demo` | .61 [.57, .65] |", "not kept"),
        ("| `weights/ferplus-vgg16` | .61 [.57, .65] |", "held elsewhere"),
    ],
)
def test_a_figure_is_held_by_the_command_of_its_row(pages, row, state):
    (pages / "README.md").write_text(f"# A page\n\n| command | figure |\n|---|---|\n{row}\n", encoding="utf-8")
    assert [found for _, found in states(pages)] == [state]


def test_a_paragraph_takes_the_command_that_leads_to_it(pages):
    (pages / "README.md").write_text(
        "    make one-demo\n\nOf *drawn faces*: .61\n[.57, .65].\n\n`make two`\n\nFar off: .61 [.57, .65].\n",
        encoding="utf-8",
    )
    assert states(pages) == [(".61 [.57, .65]", "held"), (".61 [.57, .65]", "not kept")]


def test_without_a_command_of_its_own_a_row_is_held_by_the_demonstration(pages):
    (pages / "kept" / "one-demo.csv").rename(pages / "kept" / "demo.csv")
    (pages / "README.md").write_text("| `make licensed` | .61 [.57, .65] |\n", encoding="utf-8")
    assert states(pages) == [(".61 [.57, .65]", "held")]


def test_headers_of_experiments_are_pages_too(pages):
    (pages / "experiments").mkdir()
    header = "# Measured: .61 [.57, .65]\n# Command: make one-demo\nschema: 2\nquestion: .99 [.98, 1.00]\n"
    (pages / "experiments" / "one.yaml").write_text(header, encoding="utf-8")
    assert states(pages) == [(".61 [.57, .65]", "held")]


def test_what_a_report_measured_is_kept_with_its_makers(tmp_path):
    run = "head-0123456789abcdef"
    report = tmp_path / "reports" / "one-demo"
    report.mkdir(parents=True)
    (tmp_path / "runs" / run).mkdir(parents=True)
    write_json(tmp_path / "runs" / run / "environment.json", {"commit": "abc", "machine": {"processor": "a processor"}})
    (report / "inputs.json").write_text(json.dumps({"runs": [run]}), encoding="utf-8")
    scores = {"run": ["head", "few"], "score": [0.5, 0.4], "score_low": [0.4, None], "score_high": [0.6, None]}
    pd.DataFrame(scores).to_csv(report / "results.csv", index=False)
    pd.DataFrame({"file": ["x"], "size": [1]}).to_csv(report / "other.csv", index=False)
    gap = {"better": ["a"], "worse": ["b"], "difference": [0.1], "low": [0.0], "high": [0.2]}
    pd.DataFrame(gap).to_csv(report / "differences.csv", index=False)
    path = COMMAND["keep"](report, tmp_path / "kept")
    makers = {"commit": "abc", "processor": "a processor"}
    assert pd.read_csv(path).to_dict("records") == [
        {"table": "differences", "row": "a b", "figure": "difference", "value": 0.1, "low": 0.0, "high": 0.2} | makers,
        {"table": "results", "row": "head", "figure": "score", "value": 0.5, "low": 0.4, "high": 0.6} | makers,
    ]


def test_a_report_without_its_runs_is_not_kept(tmp_path):
    report = tmp_path / "reports" / "one-demo"
    report.mkdir(parents=True)
    (report / "inputs.json").write_text("{}", encoding="utf-8")
    with pytest.raises(SystemExit, match="none of its runs"):
        COMMAND["keep"](report, tmp_path / "kept")
    assert not (tmp_path / "kept").exists()
