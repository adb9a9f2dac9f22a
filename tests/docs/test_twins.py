import re
from pathlib import Path

from benchmarks.measure import RESULTS
from benchmarks.twin_tables import write_tables
from benchmarks.twins import TASKS
from transferpain.data.synthetic.behaviour.model import FIXED_ON, STATED_ON

PAGE = Path("docs/twins.md").read_text(encoding="utf-8")


def test_the_page_states_a_ceiling_for_every_task_and_the_seeds():
    for task in TASKS:
        assert re.search(rf"^\| {re.escape(task)} \(\.\d{{3}}\) \| units \| \.\d{{3}} \[", PAGE, re.MULTILINE), task
    assert f"seed {FIXED_ON}" in PAGE
    assert f"seed {STATED_ON}" in PAGE
    assert Path("docs/twins.jpg").is_file()


def test_the_tests_that_the_page_names_are_there():
    named = set(re.findall(r"`(test_\w+\.py)`", PAGE))
    assert named
    assert all(Path("tests/data/synthetic", name).is_file() for name in named)


def test_the_tables_are_those_of_the_results(tmp_path):
    page = tmp_path / "twins.md"
    page.write_text(PAGE, encoding="utf-8")
    write_tables(page, RESULTS)
    assert page.read_text(encoding="utf-8") == PAGE
