"""Every link of a page leads to a file that is there, and to a heading of it."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "benchmarks" / "README.md"])
FENCE = re.compile(r"^(```+).*?^\1", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\((?!https?:|mailto:)([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} (.+)$", re.MULTILINE)


def prose(text: str) -> str:
    return FENCE.sub("", text)


def anchors(text: str) -> set[str]:
    """Return the names by which code forges reach the headings of a page."""
    found: set[str] = set()
    for heading in HEADING.findall(prose(text)):
        name = re.sub(r"[^\w\- ]", "", heading.strip().lower()).replace(" ", "-")
        number = 0
        while (one := f"{name}-{number}" if number else name) in found:
            number += 1
        found.add(one)
    return found


def broken(page: Path, text: str) -> list[str]:
    """Return the links of a page that lead nowhere."""
    wrong = []
    for link in LINK.findall(prose(text)):
        path, _, anchor = link.partition("#")
        target = page.parent / path if path else page
        if path and not target.exists():
            wrong.append(f"{link}: no such file")
        elif anchor and anchor not in anchors(text if target == page else target.read_text(encoding="utf-8")):
            wrong.append(f"{link}: no such heading")
    return wrong


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(ROOT).as_posix())
def test_links_lead_somewhere(page):
    assert broken(page, page.read_text(encoding="utf-8")) == []


def test_what_leads_nowhere_is_found(tmp_path):
    (tmp_path / "other.md").write_text("# `head`, kind: *x*\n## Two words\n## Two words\n", encoding="utf-8")
    text = "# Here\n[a](#here) [b](other.md#two-words-1) [c](other.md#head-kind-x) [d](gone.md) [e](other.md#three)\n"
    text += "```\n[in code](gone.md)\n```\n[f](#there)"
    assert broken(tmp_path / "page.md", text) == [
        "gone.md: no such file",
        "other.md#three: no such heading",
        "#there: no such heading",
    ]


def test_every_page_stands_in_a_list_of_the_site():
    listed = re.findall(
        r"^[A-Z].* <([a-z0-9/-]+)>$", (ROOT / "docs" / "index.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    there = {path.relative_to(ROOT / "docs").with_suffix("").as_posix() for path in (ROOT / "docs").rglob("*.md")}
    assert sorted(listed) == sorted(there - {"index"})
