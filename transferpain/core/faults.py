"""What a library says of values that break a schema, in words of ours; the library is not imported for it.

The one place through which its own words would reach a user: every message of ours passes here.
"""

import errno
import os
from pathlib import Path
from typing import Any

from transferpain.core.dangling import dangling_link

LIBRARY = "pydantic"
# Kinds of faults, by the beginning of the library's name -> what is meant there; the longer beginnings first.
MEANT = {
    "int": "a whole number is meant",
    "float": "a number is meant",
    "decimal": "a number is meant",
    "finite_number": "a finite number is meant",
    "bool": "true or false is meant",
    "string_type": "text is meant: put it in quotes",
    "string_too_short": "text of at least {min_length} letters is meant",
    "string_too_long": "text of at most {max_length} letters is meant",
    "string_pattern_mismatch": "text of another form is meant ({pattern})",
    "string": "text is meant: put it in quotes",
    "tuple": "a list is meant, as [0, 1]",
    "list": "a list is meant, as [0, 1]",
    "set": "a list is meant, as [0, 1]",
    "frozen_set": "a list is meant, as [0, 1]",
    "dict": "a mapping of keys is meant",
    "mapping": "a mapping of keys is meant",
    "model": "a mapping of keys is meant",
    "greater_than_equal": "at least {ge:g} is meant",
    "greater_than": "more than {gt:g} is meant",
    "less_than_equal": "at most {le:g} is meant",
    "less_than": "less than {lt:g} is meant",
    "too_short": "at least {min_length} of them are meant",
    "too_long": "at most {max_length} of them are meant",
    "none_required": "nothing is meant",
    "json": "JSON is meant",
    "date": "a date is meant, as 2024-12-31",
    "path": "a path is meant",
}
OTHER = "a value of another kind is meant"


def meaning(fault: dict[str, Any]) -> str:
    """Return what is meant where a value breaks a rule.

    Args:
        fault: an entry of the library's list: `type`, and `ctx` with the rule's numbers.
    """
    facts = fault.get("ctx", {})
    if "error" in facts and fault["type"] in ("value_error", "assertion_error"):
        return str(facts["error"])
    if "expected" in facts:
        return f"known are {facts['expected']}"
    return next((words.format(**facts) for start, words in MEANT.items() if fault["type"].startswith(start)), OTHER)


def in_our_words(value: object) -> object:
    """Return an error of the library as one line on its first fault; anything else as it is.

    What Python says of bytes that are no text, and the system of what stands where a folder is to be, is told in our
    words, too.
    """
    if isinstance(value, OSError) and (said := in_the_way(value)):
        return said
    if isinstance(value, UnicodeDecodeError):
        byte = value.object[value.start]
        return f"it is no text in {value.encoding.upper()}: the byte 0x{byte:02X} cannot be decoded"
    if type(value).__name__ != "ValidationError" or LIBRARY not in type(value).__module__:
        return value
    fault = value.errors()[0]
    key = ".".join(map(str, fault["loc"]))
    if fault["type"] in ("extra_forbidden", "unexpected_keyword_argument"):
        return f"`{key}` is not a known key."
    if fault["type"] == "missing":
        return f"`{key}` is missing."
    said = meaning(fault)
    if fault["type"] in ("value_error", "assertion_error"):
        return f"`{key}`: {said}" if key else said
    return f"{f'`{key}`: ' if key else ''}{said}. Received: {fault['input']!r}"


def in_the_way(error: OSError) -> str:
    """Return what stands where a folder was to be, as the system says no more than that a file exists, or is no folder.

    A link that leads nowhere, or a file. Empty where nothing is known to stand there.
    """
    if not isinstance(error, FileExistsError | NotADirectoryError) and error.errno != errno.ELOOP:
        return ""
    for name in filter(None, (error.filename, error.filename2)):
        path = Path(os.fsdecode(name))
        if said := dangling_link(path):
            return said
        if file := next((one for one in (path, *path.parents) if os.path.isfile(one)), None):
            return f"{file} is a file, where a folder is meant"
    return ""
