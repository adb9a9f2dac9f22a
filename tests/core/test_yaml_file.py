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


def bomb(levels: int) -> str:
    """Return a text in which each level stands nine times in the next."""
    rows = ["head:", "  a0: &a0 [1, 1, 1, 1, 1, 1, 1, 1, 1]"]
    for level in range(levels):
        rows.append(f"  a{level + 1}: &a{level + 1} [{', '.join([f'*a{level}'] * 9)}]")
    return "\n".join(rows)


def test_anchors_may_be_used(tmp_path):
    (tmp_path / "a.yaml").write_text("head: &head {kind: ann}\nother: *head\n" + bomb(2).replace("head:", "more:"))
    assert read_mapping(tmp_path / "a.yaml")["other"] == {"kind": "ann"}


@pytest.mark.parametrize("text", [bomb(9), bomb(60), "head: &a [*a]", "head: &a {b: *a}", "&a [1, *a]"])
def test_anchors_that_stand_for_millions_of_values_or_for_themselves_are_refused(text, tmp_path):
    (tmp_path / "a.yaml").write_text(text)
    with pytest.raises(UserError, match="anchors that stand for more than"):
        read_mapping(tmp_path / "a.yaml")


def test_values_that_nest_without_end_are_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("a: " + "[" * 5000)
    with pytest.raises(UserError, match="is not valid YAML"):
        read_mapping(tmp_path / "a.yaml")
