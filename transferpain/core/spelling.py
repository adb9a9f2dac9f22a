"""Spellings of one name: what people and programs write otherwise and mean the same."""

import difflib
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable

LEADING_ZEROS = re.compile(r"(?<![0-9.])0+(?=[0-9])")
WHOLE_NUMBER_WITH_ZEROS = re.compile(r"([^.]*[0-9])\.0+")
CONTROL = ("Cc", "Zl", "Zp")  # of Unicode: control characters, ends of lines and of paragraphs
UNSEEN = ("Cf", "Cc", "Zl", "Zp", "Mn")
DECIMAL_COMMA = re.compile(r"([+-]?[0-9]+),([0-9]+)")


def plain(text: str) -> str:
    """Return what all spellings of a name have in common.

    These make no difference: compatible characters of Unicode (composed or not, full width), upper and lower case,
    blanks and invisible characters, kinds of dashes, digits of other scripts, zeros in front of a number, `.0` behind a
    whole one, and whether a number has a comma or a point.
    """
    text = unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", text).casefold())
    text = "".join(_plain_letter(letter) for letter in text)
    text = DECIMAL_COMMA.sub(r"\1.\2", text) if DECIMAL_COMMA.fullmatch(text) else text
    text = LEADING_ZEROS.sub("", text)
    whole = WHOLE_NUMBER_WITH_ZEROS.fullmatch(text)
    return whole[1] if whole else text


def _plain_letter(letter: str) -> str:
    kind = unicodedata.category(letter)
    if kind in ("Zs", "Zl", "Zp", "Cf", "Cc"):
        return ""
    if kind in ("Pd", "Pc"):
        return "-"
    return str(unicodedata.digit(letter)) if kind == "Nd" else letter


def same_names(names: Iterable[str]) -> list[list[str]]:
    """Return the groups of different texts that are spellings of one name, in the order in which they are met."""
    groups = defaultdict(list)
    for name in dict.fromkeys(names):
        groups[plain(name)].append(name)
    return [group for group in groups.values() if len(group) > 1]


def nearest(name: str, known: Iterable[str]) -> str | None:
    """Return the known name that `name` may stand for: another spelling of it, else the one that is most alike."""
    by_plain: dict[str, str] = {}
    for one in known:
        by_plain.setdefault(plain(one), one)
    wanted = plain(name)
    near = [wanted] if wanted in by_plain else difflib.get_close_matches(wanted, by_plain, n=1)
    return by_plain[near[0]] if near else None


def has_control(text: str) -> bool:
    """Tell whether a name holds what no name has: a control character such as NUL, or an end of a line."""
    return any(unicodedata.category(letter) in CONTROL for letter in text)


def quoted(text: str) -> str:
    """Return a name in quotes, so that it is told from another spelling: what cannot be seen stands as its code."""
    unseen = any(unicodedata.category(letter) in UNSEEN for letter in text)
    return ascii(text) if unseen else repr(text)
