"""No message of the library that checks values reaches a user."""

import re
from pathlib import Path
from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator

from transferpain.core.errors import UserError
from transferpain.core.faults import OTHER, in_our_words
from transferpain.core.foreign import border, reason_of
from transferpain.core.process import message_of

PACKAGE = Path(__file__).parents[2] / "transferpain"
# Words that the library's own messages have and ours have not.
THEIRS = re.compile(
    r"Input should|validation error|pydantic|valid (integer|number|string|boolean|list|dictionary)|type="
)


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")
    whole: int = Field(1, ge=1)


class Values(BaseModel):
    model_config = ConfigDict(extra="forbid")
    needed: str
    number: float = Field(1.0, gt=0, allow_inf_nan=False)
    kind: Literal["one", "two"] = "one"
    names: tuple[str, ...] = ()
    part: Part = Part()
    place: Path = Path(".")
    raw: bytes = b""

    @field_validator("names")
    @classmethod
    def _check(cls, names):
        if "" in names:
            raise ValueError("a name has letters")
        return names


def test_bytes_that_are_no_text_are_told_in_our_words():
    with pytest.raises(UnicodeDecodeError) as caught:
        b"a\xff".decode()
    assert in_our_words(caught.value) == "it is no text in UTF-8: the byte 0xFF cannot be decoded"


def fault(**values: object) -> ValidationError:
    with pytest.raises(ValidationError) as caught:
        Values(**values)
    return caught.value


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({}, "`needed` is missing."),
        ({"needed": "a", "more": 1}, "`more` is not a known key."),
        ({"needed": 3}, "`needed`: text is meant: put it in quotes. Received: 3"),
        ({"needed": "a", "number": "x"}, "`number`: a number is meant. Received: 'x'"),
        ({"needed": "a", "number": 0}, "`number`: more than 0 is meant. Received: 0"),
        ({"needed": "a", "number": float("inf")}, "`number`: a finite number is meant. Received: inf"),
        ({"needed": "a", "kind": "three"}, "`kind`: known are 'one' or 'two'. Received: 'three'"),
        ({"needed": "a", "names": 3}, "`names`: a list is meant, as [0, 1]. Received: 3"),
        ({"needed": "a", "names": [""]}, "`names`: a name has letters"),
        ({"needed": "a", "part": 3}, "`part`: a mapping of keys is meant. Received: 3"),
        ({"needed": "a", "part": {"whole": 0}}, "`part.whole`: at least 1 is meant. Received: 0"),
        ({"needed": "a", "place": 3}, "`place`: a path is meant. Received: 3"),
        ({"needed": "a", "raw": 3}, f"`raw`: {OTHER}. Received: 3"),
    ],
)
def test_a_fault_is_told_in_our_words_wherever_it_comes_through(values, said):
    error = fault(**values)
    assert in_our_words(error) == reason_of(error) == said
    assert said in str(UserError("What.", received=error))
    assert message_of(error) == f"A value is not as it must be: {said}"
    with pytest.raises(UserError) as refused, border("What.", rule="A rule.", todo="Do."):
        raise error
    for told in (said, str(refused.value)):
        assert not THEIRS.search(told)


def test_what_is_no_error_of_the_library_stays_as_it_is():
    error = ValueError("own words")
    assert in_our_words(error) is error
    assert message_of(error) == ""


def test_no_module_passes_on_what_the_library_says():
    for path in PACKAGE.rglob("*.py"):
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"""\[["']msg["']\]|error\.json\(\)""", text), path
        for told in re.findall(r"except ValidationError as error:\n((?:\s+.*\n){1,9})", text):
            assert re.search(r"describe_fault\(|meaning\(|in_our_words\(|received=error", told), path
