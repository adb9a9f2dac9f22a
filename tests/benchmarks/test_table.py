from benchmarks.measure import Figure
from benchmarks.table import table, write_table
from transferpain.core.store import write_json
from transferpain.experiments.environment import environment


def write_result(folder, name: str, figures: list[Figure]) -> None:
    facts = [figure.facts() for figure in figures]
    write_json(folder / f"{name}.json", {"name": name, "figures": facts, "environment": environment()})


def test_a_missed_target_is_seen(tmp_path):
    write_result(tmp_path, "faces", [Figure("ratio", 0.512, least=0.8), Figure("speed", 900.0, "frames/s")])
    lines = table(tmp_path).splitlines()
    assert "| faces | ratio | 0.512 | at least 0.8 | **missed** |" in lines
    assert "| faces | speed | 900 frames/s |  |  |" in lines


def test_the_table_is_replaced_and_the_text_about_it_stays(tmp_path):
    readme, results = tmp_path / "README.md", tmp_path / "results"
    readme.write_text("before\n<!-- made by make bench -->\nold\n<!-- end -->\nafter\n")
    write_result(results, "faces", [Figure("ratio", 0.9, least=0.8)])
    write_table(readme, results)
    write_table(readme, results)
    text = readme.read_text()
    assert text.startswith("before\n")
    assert text.endswith("\nafter\n")
    assert "old" not in text
    assert text.count("| faces |") == 1
