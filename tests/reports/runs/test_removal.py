import pytest

from tests.experiments.runs.made import make_run
from transferpain.core.errors import UserError
from transferpain.core.locks import alone
from transferpain.core.store import write_text
from transferpain.models.bundles.manifest import manifest_hash
from transferpain.reports.runs.removal import examine


@pytest.fixture
def two(tmp_path):
    """A source, and a run on it."""
    source = make_run(tmp_path, "source")
    return source, make_run(tmp_path, "ann", source=("source", manifest_hash(source / "model")))


def test_what_depends_on_a_run_is_shown_and_counted_in_the_question(two, tmp_path):
    source, child = two
    removal = examine([source], tmp_path)
    assert removal.depending == [[f"runs/{child.name}", "its source"]]
    assert [row[:2] for row in removal.rows] == [[source.name, "finished"]]
    assert removal.question.endswith("MB? 1 thing depends on it.")


def test_what_goes_itself_depends_on_nothing(two, tmp_path):
    removal = examine([*two, two[0]], tmp_path)
    assert removal.folders == two
    assert removal.depending == []
    assert removal.question.endswith("MB?")


def test_a_source_of_a_run_that_is_being_computed_is_refused(two, tmp_path):
    source, child = two
    write_text(child / ".lock", "")
    with alone([child / ".lock"]), pytest.raises(UserError, match=f"in use[\\s\\S]*works on {child.name}"):
        examine([source], tmp_path)


def test_a_damaged_run_can_be_removed(two, tmp_path):
    source, _ = two
    write_text(source / "facts.json", "[")
    assert examine([source], tmp_path).rows[0][1].startswith("damaged")
