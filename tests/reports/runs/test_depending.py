from pathlib import Path

import yaml

from tests.experiments.matrix.small_matrix import MATRIX
from tests.experiments.runs.made import make_model, make_run
from transferpain.core.locks import alone
from transferpain.core.store import write_json, write_text
from transferpain.models.bundles.manifest import manifest_hash
from transferpain.reports.runs.depending import dependents_rows, read_uses


def of(folder, workspace):
    """Return place -> how of what depends on a run."""
    found = read_uses(workspace).of(folder)
    return dict(dependents_rows({folder: found}, workspace))


def test_runs_models_reports_and_files_that_use_a_run_are_found(tmp_path):
    source = make_run(tmp_path, "source")
    digest = manifest_hash(source / "model")
    child = make_run(tmp_path, "ann", source=("source", digest))
    own = manifest_hash(child / "model")
    grandchild = make_run(tmp_path, "deep", source=("ann", own))
    make_model(grandchild / "model", parents=[own, digest])
    make_run(tmp_path, "other")
    make_model(tmp_path / "weights" / "shipped", original=digest)
    make_model(tmp_path / "weights" / "child", parents=[digest])
    make_model(tmp_path / "weights" / "stranger")
    write_json(tmp_path / "reports" / "study" / "inputs.json", {"runs": [source.name, "x"]})
    write_json(tmp_path / "reports" / "grid" / "inputs.json", {"cells": [{"runs": [source.name]}, {"runs": []}]})
    write_json(tmp_path / "reports" / "other" / "inputs.json", {"runs": ["x"]})
    write_text(tmp_path / "experiments" / "study.yaml", "study: s\nexperiments: {source: {experiment: x}}\n")
    write_text(tmp_path / "experiments" / "one.yaml", f"name: one\nsource: runs/{source.name}/model#sha256=1\n")
    write_text(tmp_path / "experiments" / "two.yaml", "name: two\nsource: [imagenet, source]\n")
    write_text(tmp_path / "experiments" / "broken.yaml", "[")
    assert of(source, tmp_path) == {
        "runs/ann-0123456789abcdef": "its source",
        "runs/deep-0123456789abcdef": "its model descends from it",
        "weights/child": "its model descends from it",
        "weights/shipped": "its model descends from it",
        "reports/grid": "shows it",
        "reports/study": "shows it",
        "experiments/one.yaml": "the experiment names it as a source",
        "experiments/study.yaml": "the study has an experiment of this name",
        "experiments/two.yaml": "the experiment names it as a source",
    }
    assert of(grandchild, tmp_path) == {}


def test_a_source_whose_model_is_damaged_is_known_by_its_name(tmp_path):
    source = make_run(tmp_path, "source")
    make_run(tmp_path, "ann", source=("source", manifest_hash(source / "model")))
    (source / "model" / "manifest.json").unlink()
    assert of(source, tmp_path) == {"runs/ann-0123456789abcdef": "its source"}


def test_records_of_any_form_are_no_traceback(tmp_path):
    source = make_run(tmp_path, "source")
    for number, content in enumerate(("[]", "{", '{"runs": 3}', '{"cells": [3, {"runs": {"a": 1}}]}', "")):
        write_text(tmp_path / "reports" / str(number) / "inputs.json", content)
        write_text(tmp_path / "runs" / f"a-{number:016x}" / "facts.json", content)
    for number, content in enumerate(("matrix: 3", "study: x\nexperiments: 3", "source: {a: 1}", "source: 3", "- a")):
        write_text(tmp_path / "experiments" / f"{number}.yaml", content)
    assert of(source, tmp_path) == {}


def test_a_matrix_names_its_cells_and_the_parts_of_one(tmp_path):
    write_text(tmp_path / "experiments" / "grid.yaml", yaml.safe_dump(MATRIX))
    name = next(iter(MATRIX["transfer"][0]["sources"]))
    target = next(iter(MATRIX["transfer"][0]["targets"]))
    head = next(iter(MATRIX["transfer"][0]["heads"]))
    for cell in (f"{name}-to-{target}-{head}", f"{name}-to-{target}-{head}-fold0"):
        assert of(make_run(tmp_path, cell), tmp_path) == {"experiments/grid.yaml": "the matrix has a cell of this name"}


def test_files_where_the_command_is_given_are_looked_into(tmp_path):
    write_text(Path("experiments") / "two.yaml", "name: two\nsource: source\n")
    assert of(make_run(tmp_path, "source"), tmp_path) == {"experiments/two.yaml": "the experiment names it as a source"}


def test_a_run_that_is_computed_from_it_now_is_marked(tmp_path):
    source = make_run(tmp_path, "source")
    child = make_run(tmp_path, "ann", source=("source", manifest_hash(source / "model")))
    write_text(child / ".lock", "")
    with alone([child / ".lock"]):
        assert of(source, tmp_path) == {f"runs/{child.name}": "its source (a process works on it now)"}
