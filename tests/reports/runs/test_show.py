import pytest

from tests.experiments.runs.made import make_model, make_run, seal_anew
from transferpain.core.store import write_json, write_text
from transferpain.models.bundles.manifest import manifest_hash
from transferpain.reports.runs.show import show_run

REST = "reports of it, and what depends on it"


def shown(folder, workspace):
    """Return title -> first cell -> the others."""
    parts = show_run(folder, workspace).parts
    assert all(len(row) == len(columns) for _, columns, rows, _ in parts for row in rows)
    return {title: {row[0]: row[1:] for row in rows} for title, _, rows, _ in parts}


def test_it_says_what_a_run_is_where_it_comes_from_and_who_depends_on_it(tmp_path):
    source = make_run(tmp_path, "source")
    digest = manifest_hash(source / "model")
    folder = make_run(tmp_path, "ann", source=("source", digest), changes={"question": "Why?"})
    make_model(folder / "model", parents=[digest, "f" * 64])
    write_json(tmp_path / "reports" / "study" / "inputs.json", {"runs": [folder.name]})
    found = shown(folder, tmp_path)
    about = found[folder.name]
    assert about["question"] == ["Why?"]
    assert about["synthetic"] == ["SYNTHETIC: drawn faces took part"]
    assert about["commit"] == ["abc"]
    assert about["head"] == ["ann"]
    assert found["lineage"]["source"] == [f"runs/{source.name}"]
    assert found["lineage"][f"{'f' * 12}, before it"] == [f"not here: #sha256={'f' * 64}"]
    assert found[REST] == {"reports/study": ["shows it"]}
    assert found["settings"]["protocol.kind"] == ["folders"]


def test_a_finished_run_has_its_scores_and_chance(tmp_path):
    folder = make_run(tmp_path, "ann")
    parts = {title: (rows, lines) for title, _, rows, lines in show_run(folder, tmp_path).parts}
    rows, lines = parts["scores - SYNTHETIC data: drawn faces"]
    assert rows[0][0] == "ann"
    assert "chance: 0.333" in lines
    assert parts[REST] == ([], ["nothing in this workspace depends on it"])


def test_of_a_damaged_run_there_is_what_can_be_read_and_no_score(tmp_path):
    folder = make_run(tmp_path, "ann")
    for name in ("cost.json", "model/manifest.json", "environment.json", "experiment.yaml", "facts.json"):
        for content in ("[", '{"source": 3, "versions": 3, "protocol": 3, "strategy": "frozen", "head": 3}'):
            write_text(folder / name, content)
            found = shown(folder, tmp_path)
            assert ("scores - SYNTHETIC data: drawn faces" in found) == (name == "cost.json")
            assert found[folder.name]["state"][0].startswith("finished" if name == "cost.json" else "damaged: ")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("leakage.json", b'{"a": 3}'),
        ("metrics.json", b"{}"),
        ("facts.json", b'{"warnings": 3, "classes": ["a", "b", "c"]}'),
    ],
)
def test_of_a_finished_run_whose_files_cannot_be_read_all_else_is_shown(name, content, tmp_path):
    folder = seal_anew(make_run(tmp_path, "ann"), name, content)
    parts = {title.partition(" - ")[0]: (rows, lines) for title, _, rows, lines in show_run(folder, tmp_path).parts}
    rows, lines = parts["scores"]
    assert rows == []
    assert lines[0] == f"The results in {folder} cannot be read."
    assert "runs remove RUN" in lines[-1]
    assert "settings" in parts


def test_of_a_run_that_has_begun_there_is_little(tmp_path):
    folder = tmp_path / "runs" / "ann-0123456789abcdef"
    write_text(folder / "log.txt", "")
    about = shown(folder, tmp_path)[folder.name]
    assert about["state"] == ["unfinished"]
    assert about["dataset"] == ["not stated"]
