"""What is wrong with settings is said in one line that names the key as the file spells it."""

from pathlib import Path
from typing import Annotated, Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field, field_validator

from transferpain.core.errors import UserError
from transferpain.core.validation import all_keys, dotted_key, key_paths, validate


class Part(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["part"]
    width: int = Field(1, ge=1)
    low: float = Field(1.0, gt=0)
    high: float = Field(1.0, lt=2.5)


class Other(BaseModel):
    model_config = ConfigDict(extra="forbid")

    kind: Literal["other"]


class Whole(BaseModel):
    model_config = ConfigDict(extra="forbid")

    name: str = Field(pattern="^[a-z]+$")
    part: Annotated[Part | Other, Field(discriminator="kind")] = Part(kind="part")
    shares: tuple[float, ...] = Field((), max_length=3)
    named: dict[str, float] = {}
    flag: bool = False

    @field_validator("name")
    @classmethod
    def check_name(cls, name: str) -> str:
        if name == "taken":
            raise ValueError("the name is taken")
        return name


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({}, "a.yaml: `name` is missing."),
        ({"name": "x", "nmae": 1}, "a.yaml: `nmae` is not a known key. Did you mean `name`?"),
        (
            {"name": "x", "part": {"kind": "part", "wdth": 1}},
            "`part.wdth` is not a known key. Did you mean `part.width`?",
        ),
        (
            {"name": "x", "part": {"kind": "part", "width": 0}},
            "`part.width`: at least 1 is meant. Received: 0",
        ),
        ({"name": "x", "part": {"kind": "part", "high": 2.5}}, "`part.high`: less than 2.5 is meant. Received: 2.5"),
        ({"name": "x", "part": {"kind": "part", "low": 0}}, "`part.low`: more than 0 is meant. Received: 0"),
        ({"name": "x", "shares": [1] * 4}, "`shares`: at most 3 of them are meant. Received: [1, 1, 1, 1]"),
        ({"name": "X"}, "`name`: text of another form is meant (^[a-z]+$). Received: 'X'"),
        ({"name": "taken"}, "`name`: the name is taken"),
        ({"name": "x", "width": 1}, "`width` is not a known key. Did you mean `part.width`?"),
        ({"name": "x", "part": {"kind": "third"}}, "`part.kind`: known are `part`, `other`. Received: 'third'"),
        ({"name": "x", "part": {"kind": "oter"}}, "did you mean `other`?"),
        ({"name": "x", "part": {}}, "`part.kind` is missing."),
        ({"name": "x", "part": 3}, "`part`: a mapping of keys is meant. Received: 3"),
        ({"name": False}, "`name`: text is meant: put it in quotes. Received: false"),
        (
            {"name": "x", "part": {"kind": "part", "width": "many"}},
            "`part.width`: a whole number is meant. Received: 'many'",
        ),
        ({"name": "x", "part": {"kind": "part", "width": True}}, "`part.width`: a number is meant. Received: true"),
        ({"name": "x", "part": {"kind": "part", "width": "010"}}, "`part.width`: a number is meant. Received: '010'"),
        ({"name": "x", "part": {"kind": "part", "width": "1_0"}}, "`part.width`: a number is meant. Received: '1_0'"),
        ({"name": "x", "shares": [0.5, "inf"]}, "`shares.1`: a finite number is meant. Received: 'inf'"),
        ({"name": "x", "named": {"a": float("nan")}}, "`named.a`: a finite number is meant. Received: nan"),
        ({"name": "x", "named": {"a": False}}, "`named.a`: a number is meant. Received: false"),
        ({"name": "x", "shares": 3}, "`shares`: a list is meant"),
    ],
)
def test_the_first_fault_is_one_line_that_names_the_key(values, message):
    with pytest.raises(UserError) as caught:
        validate(Whole, values, Path("a.yaml"))
    assert message in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_what_fits_is_returned():
    assert validate(Whole, {"name": "x"}, Path("a.yaml")).part.width == 1
    values = {"name": "x", "part": {"kind": "part", "width": "3"}, "shares": [1, "1e-3", -0.5], "flag": True}
    assert validate(Whole, values, Path("a.yaml")).shares == (1, 0.001, -0.5)


def test_the_chosen_kind_is_no_part_of_a_key():
    assert dotted_key(("part", "part", "width"), {"part": {"kind": "part", "width": 0}}) == "part.width"
    assert dotted_key(("seeds", 1), {"seeds": [0, "x"]}) == "seeds.1"


def test_a_place_in_a_list_that_stands_elsewhere_in_the_file_is_named_with_its_list():
    assert dotted_key(("joined", 1, "backbone"), {"source": {"joined": [{}, {}]}}) == "joined.1.backbone"
    assert dotted_key(("features", "rate"), {"source": {"rate": 0}}) == "rate"
    assert dotted_key((), {}) == ""


def test_a_number_that_is_missing_in_a_list_is_named():
    assert dotted_key(("bins", 0, 1), {"bins": [[0]]}) == "bins.0.1"


def test_keys_of_any_depth_are_suggested():
    assert {"name", "part", "kind", "width"} <= set(all_keys(Whole))
    assert {"name", "part.width", "part.kind"} <= set(key_paths(Whole))
