import pytest

from tests.data.datasets.trees import touch
from transferpain.core.errors import UserError
from transferpain.data.datasets.guessed_index import write_guessed
from transferpain.data.datasets.guessed_names import Guess
from transferpain.data.datasets.index import read_index

MEDIA = ("=a,b.mp4", 'say "hi"\nthere.mp4', "back\\slash.mp4", "p/one.mp4", "p/one.mkv", "Zoë 2.mov", "-1.mp4")


@pytest.fixture
def clinic(tmp_path):
    for name in MEDIA:
        touch(tmp_path / "clinic" / name)
    subjects, labels = Guess(("anna", "otto") * 3 + ("anna",), "x"), Guess(("pain",) * 6 + ("rest",), "x")
    write_guessed(tmp_path / "clinic" / "index.csv", MEDIA, subjects, labels)
    return tmp_path


def test_names_of_any_kind_are_read_back(clinic):
    index = read_index("clinic", clinic)
    assert index.clips["media"].tolist() == [f"clinic/{name}" for name in MEDIA]
    assert index.clips["subject"].tolist() == ["anna", "otto"] * 3 + ["anna"]
    assert index.clips["clip"].tolist()[3:5] == ["p/one.mp4", "p/one.mkv"]
    assert "guessed" not in index.clips
    lines = (clinic / "clinic" / "index.csv").read_text(encoding="utf-8").splitlines()
    assert not any(line.startswith(("=", "-", "+", "@")) for line in lines)


def test_guesses_are_named_until_somebody_confirms_them(clinic):
    path = clinic / "clinic" / "index.csv"
    before = read_index("clinic", clinic)
    assert before.problems == (
        "The subjects of 7 clips and the labels of 7 clips were guessed from names: confirm them, and empty the column "
        "guessed.",
    )
    path.write_text(path.read_text(encoding="utf-8").replace("subject label", ""), encoding="utf-8")
    after = read_index("clinic", clinic)
    assert after.problems == ()
    assert after.hash == before.hash


def test_the_column_says_nothing_else(clinic):
    path = clinic / "clinic" / "index.csv"
    path.write_text(path.read_text(encoding="utf-8").replace("subject label", "yes"), encoding="utf-8")
    with pytest.raises(UserError, match="none of subject, label, subject label"):
        read_index("clinic", clinic)
