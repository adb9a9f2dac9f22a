"""Prints what each worked example of `docs/extend.md` costs: `python docs/extend.py`.

Every number is counted in the blocks of the document, but for those of the column `before`.
"""

import re
from dataclasses import dataclass
from pathlib import Path

PAGE = Path(__file__).with_name("extend.md")
# Files that one new thing touched before there were registries: counted by reading the code of that time.
BEFORE = {
    "backbone": "5-8",
    "head": "4-6; of trees about 10",
    "extractor": "6",
    "strategy": "13-17",
    "metric": "1-7",
    "leakage check": "not counted",
    "report section": "4",
    "adaptation": "4-7",
    "dataset": "2",
}
COLUMNS = ("kind", "new files", "their lines", "tests", "their lines", "registries", "lines added", "files before")


@dataclass(frozen=True)
class Block:
    """A block of code: its first line names a file, `# <path>`; `text` is all below that line."""

    language: str
    path: str
    text: str

    @property
    def lines(self) -> int:
        return len(self.text.splitlines())

    @property
    def added(self) -> int:
        """How many lines a `diff` adds."""
        return sum(line.startswith("+") for line in self.text.splitlines())


@dataclass(frozen=True)
class Example:
    """The blocks of one kind of thing."""

    kind: str
    blocks: tuple[Block, ...]

    def of(self, language: str, folder: str = "") -> list[Block]:
        """Return the blocks of a language whose file stands in a folder."""
        return [block for block in self.blocks if block.language == language and block.path.startswith(folder)]

    @property
    def modules(self) -> list[Block]:
        return self.of("python", "transferpain/")

    @property
    def tests(self) -> list[Block]:
        return self.of("python", "tests/")

    @property
    def registries(self) -> list[Block]:
        return self.of("diff")

    @property
    def name(self) -> str:
        """The name of the entry, as its module states it."""
        return re.findall(r'\bname ?= ?"(.+?)"', self.modules[0].text)[-1]

    @property
    def row(self) -> tuple[str, ...]:
        """The example's row of the table."""
        numbers = (
            len(self.modules),
            sum(block.lines for block in self.modules),
            len(self.tests),
            sum(block.lines for block in self.tests),
            len(self.registries),
            sum(block.added for block in self.registries),
        )
        return self.kind, *map(str, numbers), BEFORE[self.kind]


def read_examples(page: Path = PAGE) -> list[Example]:
    """Return the examples of the document, in its order: a heading `## A <kind>` and the blocks below it."""
    examples = []
    for part in re.split(r"(?m)^## ", page.read_text(encoding="utf-8"))[1:]:
        found = re.match(r"An? ([a-z ]+)\n", part)
        if found:
            blocks = re.findall(r"(?ms)^```(\w+)\n# (\S+)\n(.*?)^```$", part)
            examples.append(Example(found[1], tuple(Block(language, path, text) for language, path, text in blocks)))
    return examples


def apply(example: Example, checkout: Path) -> None:
    """Do to a checkout what an example says.

    Raises:
        ValueError: if a new file is there already, or the lines around an added one are not found exactly once.
    """
    for block in (*example.modules, *example.tests):
        path = checkout / block.path
        if path.exists():
            raise ValueError(f"{block.path} is there already")
        path.write_text(block.text.lstrip("\n"), encoding="utf-8")
    for block in example.registries:
        path = checkout / block.path
        text = path.read_text(encoding="utf-8")
        for hunk in re.split(r"(?m)^@@\n", block.text):
            text = insert(text, hunk.splitlines(keepends=True), block.path)
        path.write_text(text, encoding="utf-8")


def insert(text: str, hunk: list[str], where: str) -> str:
    """Return a text with the lines `+...` of a hunk, which stand beside lines ` ...` that are there already."""
    around, changed = ([line[1:] for line in hunk if line[0] in kept] for kept in (" ", " +"))
    lines = text.splitlines(keepends=True)
    places = [place for place in range(len(lines)) if around and lines[place : place + len(around)] == around]
    if len(places) != 1:
        raise ValueError(f"{where} has {len(places)} times:\n{''.join(around)}")
    (place,) = places
    return "".join([*lines[:place], *changed, *lines[place + len(around) :]])


def table(examples: list[Example]) -> str:
    """Return the table of costs as Markdown."""
    rows = [COLUMNS, ["---"] * len(COLUMNS), *(example.row for example in examples)]
    return "\n".join(f"| {' | '.join(row)} |" for row in rows)


if __name__ == "__main__":
    print(table(read_examples()))
