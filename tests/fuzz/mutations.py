"""How a right file is damaged: bytes flipped, cut, doubled and inserted, and pieces of its structure exchanged."""

import re

from tests.fuzz.reader import Choices

# What means something in most kinds of file, or should mean nothing anywhere.
WORDS = (
    *(
        b"",
        b"\x00",
        b"\r",
        b"\n",
        b"\r\n",
        b"\t",
        b" ",
        b"\xff",
        b"\xc3",
        b"\xff\xfe",
        b"\xef\xbb\xbf",
        b"\xed\xa0\x80",
    ),
    *(b'"', b"'", b'""', b",", b";", b":", b"[", b"]", b"{", b"}", b"#", b"\\", b"/", b"|", b"%", b"`"),
    *(b"0", b"-1", b"1.5", b"00", b"010", b"1e5", b"65537", b"-65535", b"1_000", b"1:30", b"0x10", b"+1"),
    *(b"2147483648", b"9223372036854775808", b"1e999", b"-1e999", b"9" * 400, b"9" * 5000, b"0." + b"0" * 400 + b"1"),
    *(b"nan", b"NaN", b"inf", b"-inf", b".nan", b".inf", b"Infinity", b"null", b"~", b"true", b"false", b"no", b"None"),
    *(b"[]", b"{}", b"[1]", b"{a: 1}", b'{"a": 1}', b"[" * 1500, b"[" * 1500 + b"]" * 1500, b"{a: " * 60 + b"}" * 60),
    *(b"- " * 200, b'{"a":' * 1500 + b"1" + b"}" * 1500, b"!!binary aGk=", b"!!set {a}", b"&a [*a]", b"*a", b"<<: 1"),
    *(b"!!python/name:os.system", b"2024-01-01", b'"\\ud800"', b"=1+1", b"../../x", b"/etc/passwd", b"x" * 400, b"."),
    *("\u0661\u0662".encode(), "\u200f\u202e".encode(), "e\u0301".encode(), "\U0001f600".encode(), b"schema: 9"),
)
PIECE = re.compile(rb"[A-Za-z0-9_.+-]+")
LONGEST_TEXT = 4096  # bytes in which pieces are looked for
MOST_CHANGES = 3


def mutate(choices: Choices, content: bytes, words: tuple[bytes, ...]) -> bytes:
    """Return a content with one to three changes of random kinds."""
    for _ in range(1 + choices.below(MOST_CHANGES)):
        content = choices.among(KINDS)(choices, content, words)
    return content


def flip(choices: Choices, content: bytes, words: tuple[bytes, ...]) -> bytes:
    """Flip some bits of one byte."""
    if not content:
        return content
    place = choices.below(len(content))
    return content[:place] + bytes([content[place] ^ (1 + choices.below(255))]) + content[place + 1 :]


def cut(choices: Choices, content: bytes, words: tuple[bytes, ...]) -> bytes:
    """Take a stretch out, or all that follows."""
    start = choices.below(len(content) + 1)
    length = choices.among([1, 2, 8, 64, len(content)])
    return content[:start] + content[start + length :]


def double(choices: Choices, content: bytes, words: tuple[bytes, ...]) -> bytes:
    """Repeat a stretch."""
    start = choices.below(len(content) + 1)
    length = choices.among([1, 2, 8, 64, len(content)])
    return content[: start + length] + content[start:]


def insert(choices: Choices, content: bytes, words: tuple[bytes, ...]) -> bytes:
    """Insert a word anywhere."""
    place = choices.below(len(content) + 1)
    return content[:place] + choices.among((*WORDS, *words)) + content[place:]


def exchange(choices: Choices, content: bytes, words: tuple[bytes, ...]) -> bytes:
    """Replace a name or a number by a word."""
    pieces = list(PIECE.finditer(content[:LONGEST_TEXT]))
    if not pieces:
        return content
    piece = pieces[choices.below(len(pieces))]
    return content[: piece.start()] + choices.among((*WORDS, *words)) + content[piece.end() :]


def double_line(choices: Choices, content: bytes, words: tuple[bytes, ...]) -> bytes:
    """Repeat, remove or move a line."""
    lines = content.split(b"\n")
    line = lines[choices.below(len(lines))]
    kept = [one for one in lines if one is not line]
    place = choices.below(len(kept) + 1)
    copies = choices.below(3)
    return b"\n".join([*kept[:place], *[line] * copies, *kept[place:]])


def double_column(choices: Choices, content: bytes, words: tuple[bytes, ...]) -> bytes:
    """Repeat, remove or empty a cell of one line or of all, so that columns are doubled, lost or without a name."""
    lines = [line.split(b",") for line in content.split(b"\n")]
    column = choices.below(len(lines[0]))
    cells = choices.among([[], [b""], None])
    only = choices.among([None, 0, 1, -1])
    for line in lines if only is None else lines[only : only + 1 or None]:
        line[column : column + 1] = line[column : column + 1] * 2 if cells is None else cells
    return b"\n".join(b",".join(line) for line in lines)


KINDS = (flip, cut, double, insert, insert, exchange, exchange, exchange, double_line, double_column)


def other_number(choices: Choices, content: bytes, pattern: bytes, numbers: range) -> bytes:
    """Replace one of the whole numbers that the first group of a pattern finds by another one of a range."""
    found = list(re.finditer(pattern, content))
    place = found[choices.below(len(found))]
    former = int(float(place[1]))
    number = choices.among([number for number in numbers if number != former])
    return content[: place.start(1)] + str(number).encode() + content[place.end(1) :]


def other_text(choices: Choices, content: bytes, changes: dict[bytes, tuple[bytes, ...]]) -> bytes:
    """Replace one of the texts that stand in a content by one of those that mean something else."""
    former = choices.among(sorted(changes))
    if former not in content:
        raise ValueError(f"{former!r} does not stand in the content")
    return content.replace(former, choices.among(changes[former]), 1)


def other_byte(choices: Choices, content: bytes) -> bytes:
    """Flip some bits of one byte of a content that vouches for itself by checksums."""
    return flip(choices, content, ())
