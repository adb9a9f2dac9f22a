"""The files of a report stay what they are: names, columns, values and texts, compared with those in `expected/`.

Where they are meant to change (a metric joins the tables): `python -m tests.reports.test_same_files` writes them anew.
"""

import shutil
import tempfile
from pathlib import Path

import pytest

from tests.reports.pages import as_lines
from tests.reports.run_folders import write_every_kind
from transferpain.experiments.study_schema import Comparison
from transferpain.reports.report import write_report

pytestmark = pytest.mark.slow
EXPECTED = Path(__file__).with_name("expected")
PAIRS = [Comparison(better="ann", worse="ann-untrained", metric=name) for name in ("balanced_accuracy", "accuracy")]


def write_files(runs: list[Path], top: Path) -> Path:
    """Write the report of a run of each kind, and the tables of its page as text beside it; return the folder."""
    page = write_report("all", "All", "A question?", runs, PAIRS, top / "reports")
    tables = page.with_name("tables.txt")
    tables.write_text(as_lines(page.read_text(encoding="utf-8")), encoding="utf-8")
    return page.parent


@pytest.fixture(scope="module")
def written(every_kind, tmp_path_factory):
    return write_files(every_kind, tmp_path_factory.mktemp("same"))


def test_there_is_no_other_file(written):
    names = {path.name for path in written.iterdir()} - {"index.html", "result.png", "inputs.json"}
    assert names == {path.name for path in EXPECTED.iterdir()}


@pytest.mark.parametrize("name", sorted(path.name for path in EXPECTED.iterdir()))
def test_a_file_holds_what_it_held(written, name):
    assert (written / name).read_text(encoding="utf-8") == (EXPECTED / name).read_text(encoding="utf-8")


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as top:
        for path in write_files(write_every_kind(Path(top) / "runs"), Path(top)).iterdir():
            if path.suffix in (".csv", ".tex", ".txt", ".md"):
                shutil.copy(path, EXPECTED / path.name)
