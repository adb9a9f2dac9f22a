"""The command lines of README.md and docs/*.md: in blocks, and within sentences and tables."""

import re
import shlex
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
PROGRAMS = ("transferpain", "make", "python", "pip")
OPENED = re.compile(r"^```(\w*)")
SHELL = ("", "sh", "bash", "console")


@dataclass(frozen=True)
class CommandLine:
    """A command line: the page and line that it stands in, its words, and whether it stands in a block, whole."""

    page: str
    line: int
    text: str
    whole: bool

    @property
    def words(self) -> list[str]:
        return shlex.split(self.text)

    @property
    def program(self) -> str:
        return Path(self.words[0]).name


def collect() -> list[CommandLine]:
    """Return every command line that begins with one of `PROGRAMS`."""
    return [command for page in PAGES for command in of_page(page.name, page.read_text(encoding="utf-8"))]


def of_page(name: str, text: str) -> list[CommandLine]:
    """Return the command lines of a page; a line that ends in a backslash goes on with the next one."""
    found, language, waiting = [], None, ""
    for number, line in enumerate(text.splitlines(), start=1):
        if opened := OPENED.match(line):
            language = None if language is not None else opened[1]
            continue
        shell = language in SHELL if language is not None else line.startswith("    ")
        if shell:
            waiting += line.strip().removeprefix("$ ")
            if waiting.endswith("\\"):
                waiting = waiting[:-1]
                continue
            found += [CommandLine(name, number, part, True) for part in commands_of(waiting)]
            waiting = ""
        elif language is None:
            spans = re.findall(r"(?<!`)`([^`]+)`", line)
            found += [CommandLine(name, number, part, False) for span in spans for part in commands_of(span)]
    return found


def commands_of(line: str) -> list[str]:
    """Return the commands of a line, without variables before them and comments behind."""
    line = re.sub(r"\s#\s.*$|^#.*$", "", line).strip()
    found = []
    for part in re.split(r"\s+(?:&&|;|\|)\s+", line):
        part = re.sub(r"^(?:[A-Z_]+=\S+\s+)+", "", part)
        words = part.split()
        if len(words) > 1 and Path(words[0]).name in PROGRAMS and re.fullmatch(r"[\w./-]+", words[0]):
            found.append(part)
    return found


def python_of(text: str) -> list[str]:
    """Return the Python of a page's blocks."""
    return re.findall(r"(?m)^```py(?:thon)?\n(.*?)^```", text, re.DOTALL)
