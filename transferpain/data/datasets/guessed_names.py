"""Who is shown in a clip, and what was felt, guessed from names of folders and files: for somebody to confirm.

A guess goes by one place in the names of all clips: a folder of one level, or a part of the file's name.
"""

import os
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import PurePosixPath

from transferpain.core.csv_file import as_shown
from transferpain.core.spelling import plain

PERSON = re.compile(
    r"(?<![a-z0-9])(?:s|sub|subj|subject|p|pp|pat|patient|participant|person|proband|vp|id|pid|case|user)"
    r"[-_ ]?[0-9]{1,6}(?![a-z0-9])",
    re.IGNORECASE,
)
# Folders and words that count recordings, or sort them, and name nobody.
NO_PERSON = re.compile(
    r"(day|session|ses|visit|week|trial|take|run|block|part|cam|camera|video|videos|clip|clips|movie|img|image|images|"
    r"frames|data|raw|train|training|val|valid|validation|test|set|fold|left|right|front|face|faces)?[-_ ]?[0-9]*",
    re.IGNORECASE,
)
LONGEST_NUMBER = 5  # digits of a person's number; more are a date or a count
# How much is felt by words that names have; words of one number say the same.
WORDS = {
    **dict.fromkeys(("no pain", "nopain", "painless", "pain free", "none", "no"), 0),
    **dict.fromkeys(("rest", "resting", "baseline", "neutral", "control", "bl", "bl1"), 0),
    **dict.fromkeys(("mild", "low", "little"), 1),
    **dict.fromkeys(("moderate", "medium", "mid"), 2),
    **dict.fromkeys(("pain", "painful"), 3),
    **dict.fromkeys(("severe", "high", "strong"), 4),
    **{f"pa{number}": number for number in range(1, 5)},
}
_PHRASES = sorted(WORDS, key=len, reverse=True)
WORD = re.compile(
    r"(?<![a-z])(?:(?P<word>" + "|".join(phrase.replace(" ", "[ _-]?") for phrase in _PHRASES if phrase != "no") + r")"
    r"|(?:level|lvl|nrs|vas|pspi|intensity)[-_ ]?(?P<number>[0-9]{1,3}))(?![a-z])",
    re.IGNORECASE,
)
MOST_LABELS = 10


@dataclass(frozen=True)
class Guess:
    """What names say of one column.

    Attributes:
        values: of each clip; "" where its name says nothing.
        where: the place in the names, in words; "" where no place was found.
    """

    values: tuple[str, ...]
    where: str = ""


def guess_subjects(media: Sequence[str]) -> Guess:
    """Guess who is shown: by a name as `P01` or `s1` has it, else by a folder, else by how the file's name begins.

    Spellings of one name (`P01`, `p1`) are one subject. A place that names more than half as many subjects as there are
    clips counts recordings, and is taken only if it has the form of `P01`.
    """
    places = _places(media)
    numbered = {where: [_found(PERSON, text) for text in texts] for where, texts in places.items()}
    for where, values in numbered.items():
        if 2 * sum(map(bool, values)) > len(media):
            return _one_spelling(values, where)
    folders = {where: texts for where, texts in places.items() if where != NAME}
    begins = {f"the beginning of {NAME}": [_parts(text)[0] for text in places[NAME]]}
    for among in (folders, begins):
        able = {where: texts for where, texts in among.items() if _may_be_people(texts)}
        if able:
            where = max(able, key=lambda where: len(set(able[where])))
            return _one_spelling(able[where], where)
    return Guess(("",) * len(media))


def guess_labels(media: Sequence[str], subjects: Guess) -> Guess:
    """Guess what was felt: by a word that says so, else by a folder or a part of the name that sorts the clips.

    Args:
        subjects: what `guess_subjects` has found; its place says nothing of labels.
    """
    places = _places(media)
    for where in (NAME, *reversed([where for where in places if where != NAME])):
        values = [_label(text) for text in places[where]]
        if 2 * sum(map(bool, values)) > len(media):
            return Guess(tuple(values), where)
    folders = {where: texts for where, texts in places.items() if where not in (NAME, subjects.where)}
    parts = [[part.rstrip("0123456789") for part in _parts(text)] for text in places[NAME]]
    columns = zip_longest(*parts, fillvalue="")
    for where, texts in (*folders.items(), *((f"a part of {NAME}", list(texts)) for texts in columns)):
        if _may_be_labels(texts, subjects):
            return Guess(tuple(texts), where)
    return Guess(("",) * len(media))


def strength(label: str) -> float | None:
    """Return a number by which labels are put into order, the least pain first; `None` where the label tells none."""
    if re.fullmatch(r"[0-9]+(\.[0-9]+)?", label, re.ASCII):
        return float(label)
    found = [WORDS.get(word) for word in (label.strip().casefold(), _label(label))]
    return next((float(number) for number in found if number is not None), None)


NAME = "the file's name"


def _places(media: Sequence[str]) -> dict[str, list[str]]:
    """Return the texts of all clips at each place that all of them have: folders from above, then the name."""
    paths = [PurePosixPath(path) for path in media]
    depth = min(len(path.parts) for path in paths) - 1
    places = {f"folder {level + 1}": [path.parts[level] for path in paths] for level in range(depth)}
    if any(len(path.parts) - 1 > depth for path in paths):
        places["the last folder"] = [path.parent.name for path in paths]
    return places | {NAME: [os.path.splitext(path.name)[0].strip() or path.name for path in paths]}


def _parts(name: str) -> list[str]:
    return [part for part in re.split(r"[\s_.-]+", name) if part] or [name]


def _found(pattern: re.Pattern, text: str) -> str:
    found = pattern.search(text)
    return found[0] if found else ""


def _label(text: str) -> str:
    """Return the word of `WORDS`, or the number, that a name holds; "" if it holds none, or several."""
    found = [match["number"] or _phrase(match["word"]) for match in WORD.finditer(text)]
    found = list(dict.fromkeys(found))
    if len(found) > 1:
        found = [word for word in found if word != "pain"]
    return found[0] if len(found) == 1 else ""


def _phrase(word: str) -> str:
    return _WRITTEN[re.sub(r"[ _-]", "", word.casefold())]


_WRITTEN = {phrase.replace(" ", ""): phrase for phrase in WORDS} | {"nopain": "no pain"}


def _safe(texts: Sequence[str]) -> bool:
    """Tell whether texts may stand in a table that a spreadsheet opens: none is a formula, none has outer blanks."""
    return all(as_shown(text) == text == text.strip() for text in texts)


def _may_be_people(texts: Sequence[str]) -> bool:
    people = set(texts)
    others = any(_names_nobody(text) or _label(text) for text in people)
    return not others and 2 <= len(people) <= len(texts) / 2 and _safe(texts)


def _names_nobody(text: str) -> bool:
    return len(text) > LONGEST_NUMBER if text.isdecimal() else NO_PERSON.fullmatch(text) is not None


def _may_be_labels(texts: Sequence[str], subjects: Guess) -> bool:
    counts = Counter(texts)
    words = all(re.search(r"[^\W\d_]", text) and not _names_nobody(text) for text in counts)
    people = set(subjects.values) - {""}
    able = 2 <= len(counts) <= MOST_LABELS and min(counts.values()) >= 2
    return able and words and not people & set(counts) and _safe(texts)


def _one_spelling(values: Sequence[str], where: str) -> Guess:
    first: dict[str, str] = {}
    for value in values:
        first.setdefault(plain(value), value)
    return Guess(tuple(first[plain(value)] for value in values), where)
