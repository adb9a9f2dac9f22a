"""What is written in a page, read back from its HTML."""

import re
from html.parser import HTMLParser
from pathlib import Path


def report_of(workspace: Path, name: str) -> Path:
    """Return the folder of the one report of a file's experiment, study or matrix, as it is or as a variant."""
    (folder,) = [one for one in (workspace / "reports").iterdir() if one.name.partition("_")[0] == name]
    return folder


class Tables(HTMLParser):
    """The tables of a page: their labels, and the text of their cells."""

    def __init__(self, text: str):
        super().__init__()
        self.tables: list[tuple[str, list[list[str]]]] = []
        self.label, self.in_cell = "", False
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag == "div" and "aria-label" in dict(attrs):
            self.label = dict(attrs)["aria-label"]
        elif tag == "table":
            self.tables.append((self.label, []))
        elif tag == "tr":
            self.tables[-1][1].append([])
        elif tag in ("td", "th"):
            self.in_cell = True
            self.tables[-1][1][-1].append("")

    def handle_endtag(self, tag):
        if tag in ("td", "th"):
            self.in_cell = False

    def handle_data(self, data):
        if self.in_cell:
            self.tables[-1][1][-1][-1] += data


def as_lines(page: str) -> str:
    """Return the tables of a page as text, in its order: one line per row, cells apart by ` | `."""
    blocks = ["\n".join([f"# {label}", *(" | ".join(row) for row in rows)]) for label, rows in Tables(page).tables]
    return "\n\n".join(blocks) + "\n"


def without_pictures(page: str) -> str:
    """Return the page without what its pictures hold."""
    return re.sub(r'src(set)?="data:[^"]*"', 'src=""', page)
