import pytest

from transferpain.core.errors import UserError
from transferpain.core.yaml_file import read_mapping, suggest_file


def test_a_mapping_is_read(tmp_path):
    (tmp_path / "a.yaml").write_text("task: x\nseeds: [1]\n")
    assert read_mapping(tmp_path / "a.yaml") == {"task": "x", "seeds": [1]}


@pytest.mark.parametrize(
    ("text", "message"),
    [("a: 1\na: 2\n", "the key `a` stands twice"), ("- 1\n", "holds no experiment"), ("a: [", "is not valid YAML")],
)
def test_what_is_no_mapping_is_refused(tmp_path, text, message):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(UserError, match=message):
        read_mapping(tmp_path / "a.yaml")


def test_the_file_that_was_meant_is_named(tmp_path):
    (tmp_path / "ai4pain-ann.yaml").touch()
    assert suggest_file(tmp_path / "ai4pain-an.yaml") == f"Did you mean {tmp_path / 'ai4pain-ann.yaml'}?"
    with pytest.raises(UserError, match="could not be opened"):
        read_mapping(tmp_path / "ai4pain-an.yaml")
