"""Text that people write: UTF-8, and a sentence on how to save it so where it is not."""

import codecs
from pathlib import Path

from transferpain.core.errors import DamagedFile

# How a file of another encoding begins, and its name; a longer beginning stands first.
MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32"),
    (codecs.BOM_UTF32_BE, "UTF-32"),
    (codecs.BOM_UTF16_LE, "UTF-16"),
    (codecs.BOM_UTF16_BE, "UTF-16"),
)
WIDE = 0.2  # share of NUL characters, above which they are halves of letters; plain text in UTF-16 has a half


def read_text(path: Path) -> str:
    """Return what a text file holds, without a mark at its beginning, and with its ends of lines as they are.

    Raises:
        DamagedFile: as `as_text`.
        OSError: if it cannot be read.
    """
    return as_text(path.read_bytes(), path)


def as_text(content: bytes, path: Path | str) -> str:
    """Return the text of a file that was read.

    Args:
        path: what the message calls it.

    Raises:
        DamagedFile: if it is no UTF-8, or holds a NUL character, which no text has; with what it seems to be, and how
            to save it.
    """
    found = next((name for mark, name in MARKS if content.startswith(mark)), None)
    if found:
        raise _refused(path, f"{found}, as its first bytes say", found)
    nul = content.find(b"\0")
    if nul >= 0 and content.count(b"\0") > WIDE * len(content):
        first = content[:2].find(b"\0") == 0
        raise _refused(path, "a NUL character beside each letter, as UTF-16 has it", f"UTF-16{'BE' if first else 'LE'}")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        byte = f"the byte 0x{content[error.start]:02X} in line {_line(content, error.start)}"
        raise _refused(path, f"{byte}, as Latin-1 and Windows-1252 have it", "WINDOWS-1252") from None
    if nul >= 0:
        raise DamagedFile(
            f"{path} cannot be used: it holds a NUL character.",
            rule="Text has letters, digits, signs, blanks and ends of lines.",
            received=f"the byte 0x00 in line {_line(content, nul)}",
            todo="Remove the character; where a program wrote it, save the file again as UTF-8.",
        )
    return text


def _line(content: bytes, place: int) -> int:
    return content.count(b"\n", 0, place) + 1


def _refused(path: Path | str, received: str, encoding: str) -> DamagedFile:
    return DamagedFile(
        f"{path} cannot be used: it is not saved as UTF-8.",
        rule="Text is read as UTF-8: in another encoding, names and labels would become others.",
        received=received,
        todo="Save it as UTF-8: in Excel as the type `CSV UTF-8`, in an editor under `Encoding`; or "
        f"iconv -f {encoding} -t UTF-8 FILE > NEW-FILE, if that is what it is.",
    )
