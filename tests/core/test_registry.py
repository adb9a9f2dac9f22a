from dataclasses import dataclass

import pytest
from pydantic import BaseModel, ValidationError

from transferpain.core.errors import UserError
from transferpain.core.registry import Registry


@dataclass(frozen=True)
class Colour:
    name: str


RED, GREEN = Colour("red"), Colour("green")
COLOURS = Registry("colour", [RED, GREEN], {"scarlet": "red"})


class Settings(BaseModel):
    colour: COLOURS.name_type


def test_entries_stand_in_their_order_under_their_names():
    assert list(COLOURS) == ["red", "green"]
    assert COLOURS["green"] is GREEN
    assert len(COLOURS) == 2


def test_a_former_name_leads_to_its_entry_and_is_written_as_today():
    assert COLOURS.find("scarlet") is RED
    assert Settings(colour="scarlet").colour == "red"


def test_an_unknown_name_is_refused_with_the_known_and_the_nearest():
    with pytest.raises(UserError, match=r"This colour is unknown.\n.*`red`, `green`, received `gren`.*mean `green`"):
        COLOURS.find("gren")
    with pytest.raises(ValidationError, match="known are `red`, `green`, received `blue`"):
        Settings(colour="blue")


def test_two_entries_of_one_name_and_an_alias_to_nowhere_are_refused():
    with pytest.raises(ValueError, match="two entries of colour"):
        Registry("colour", [RED, Colour("red")])
    with pytest.raises(ValueError, match="lead nowhere"):
        Registry("colour", [RED], {"azure": "blue"})
