import pytest

from transferpain.core.errors import UserError
from transferpain.core.yaml_file import DEEPEST, LARGEST_BYTES, parse_yaml, read_mapping, suggest_file


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


@pytest.mark.parametrize("encoding", ["utf-16", "latin-1"])
def test_a_file_in_another_encoding_says_how_to_save_it(encoding, tmp_path):
    (tmp_path / "a.yaml").write_bytes("name: K\u00f6ln\n".encode(encoding))
    with pytest.raises(UserError, match=r"a\.yaml cannot be used(.|\n)*Save it as UTF-8"):
        read_mapping(tmp_path / "a.yaml")


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
    with pytest.raises(UserError, match=r"at most 100,000 parts|holds itself"):
        read_mapping(tmp_path / "a.yaml")


def test_values_that_nest_without_end_are_refused(tmp_path):
    (tmp_path / "a.yaml").write_text("a: " + "[" * 5000)
    with pytest.raises(UserError, match="is not valid YAML"):
        read_mapping(tmp_path / "a.yaml")


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("a: 1", {"a": 1}),
        ("a: -1.5e-3", {"a": -0.0015}),
        ("a: '010'", {"a": "010"}),
        ("'1': no", {"1": False}),
        ("\ufeffa: b", {"a": "b"}),
        ("a: &x {b: 1}\nc: *x", {"a": {"b": 1}, "c": {"b": 1}}),
        ("a: &x {b: 1}\nc: {<<: *x, d: 2}", {"a": {"b": 1}, "c": {"b": 1, "d": 2}}),
        ("", None),
    ],
)
def test_plain_values_are_read(text, value):
    assert parse_yaml(text.encode()) == value


BOMB = "\n".join(f"a{n}: &a{n} [{', '.join([f'*a{n - 1}' if n else 'x'] * 10)}]" for n in range(9))


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("[" * (DEEPEST + 1) + "]" * (DEEPEST + 1), "levels"),
        ("[" * 5000, "levels"),
        ("a: " * 2000, "not allowed here"),
        (BOMB, "parts"),
        ("a: &x [*x]", "holds itself"),
        ("a: &x {b: *x}", "holds itself"),
        ("a: " + "1" * 19, "at most 18 digits"),
        ("a: " + "1" * 5000, "at most 18 digits"),
        ("a: 010", "whole number is written"),
        ("a: 0x10", "whole number is written"),
        ("a: 1:30", "whole number is written"),
        ("a: 1_000", "whole number is written"),
        ("a: .inf", "finite"),
        ("a: .nan", "finite"),
        ("a: 1.0e+999", "finite"),
        ("a: !!binary aGk=", "of the kind binary"),
        ("a: 2024-01-01", "write text in quotes"),
        ("a: !!set {b}", "of the kind set"),
        ("a: !!python/name:os.system x", "python"),
        ("no: 1", "reads as bool"),
        ("1: a", "reads as int"),
        ("? [a]\n: b", "not as text"),
        ("a: 1\na: 2", "stands twice"),
        ('a: "\\ud800"', "half a character"),
        ("a: \x00", "special characters"),
        ("x" * (LARGEST_BYTES + 1), "bytes"),
        (b"a: \xff", "decode"),
        (b"\xff\xfea\x00", "decode"),
    ],
)
def test_what_is_no_plain_setting_is_refused(text, reason):
    with pytest.raises(ValueError, match=reason):
        parse_yaml(text)


def test_the_message_names_file_and_line(tmp_path):
    (tmp_path / "a.yaml").write_text("a: 1\nb: .inf\n")
    with pytest.raises(UserError, match=r"a\.yaml is not valid YAML(.|\n)*finite(.|\n)*line 2"):
        read_mapping(tmp_path / "a.yaml")
