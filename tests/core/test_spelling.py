import unicodedata

import pytest

from transferpain.core.spelling import nearest, plain, quoted, same_names

ZOE = "Zoë"


@pytest.mark.parametrize(
    "spellings",
    [
        ("P01", "p01", "P1", "P001", "Ｐ０１", "p 01", "P01\u200b", " P01", "P\xa001"),
        ("2", "02", "2.0", "2.00", "002", "２", "٢"),
        (unicodedata.normalize("NFC", ZOE), unicodedata.normalize("NFD", ZOE), "ZOË"),
        ("site A", "Site_A".replace("_", " "), "SITEA"),
        ("a-1", "a_1", "a–1", "A-01"),
        ("0,5", "0.5", "00,5"),
        ("straße", "STRASSE"),
        ("\u202eabc", "abc"),
    ],
)
def test_spellings_of_one_name(spellings):
    assert len({plain(one) for one in spellings}) == 1
    assert same_names([*spellings, "another", *spellings]) == [list(dict.fromkeys(spellings))]


@pytest.mark.parametrize(
    "names",
    [("P1", "P10"), ("1.5", "1.05"), ("1", "0.1"), ("10", "1"), ("a", "b"), ("1.0.1", "1.1"), ("", "0"), ("1,5", "15")],
)
def test_different_names_stay_different(names):
    assert same_names(names) == []


def test_the_nearest_is_another_spelling_before_what_is_alike():
    assert nearest("Pain", ["pains", "pain"]) == "pain"
    assert nearest("0.0", ["1", "0"]) == "0"
    assert nearest("pian", ["none", "pain"]) == "pain"
    assert nearest("xyz", ["pain"]) is None


def test_what_cannot_be_seen_is_shown_as_its_code():
    assert quoted("Zoë") == "'Zoë'"
    assert quoted(unicodedata.normalize("NFD", "Zoë")) == "'Zoe\\u0308'"
    assert quoted("a\u200b\n") == "'a\\u200b\\n'"
