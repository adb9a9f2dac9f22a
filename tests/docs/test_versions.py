"""The version stands in three places, which agree; every page that a version's notes name is there."""

import re
from pathlib import Path

import yaml

from transferpain import __version__

ROOT = Path(__file__).parents[2]
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_the_version_of_the_package_is_the_first_of_the_changelog_and_the_one_to_cite():
    version, date = re.search(r"^## (\S+) - (\S+)$", CHANGELOG, re.MULTILINE).groups()
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert __version__ == version == citation["version"]
    assert date == str(citation["date-released"])


def test_the_pages_and_modules_that_the_changelog_names_are_there():
    assert all((ROOT / page).is_file() for page in re.findall(r"\]\((?!http)([^)#]+)[^)]*\)", CHANGELOG))
    moved = re.search(r"### Where modules are now\n(.*?)\n## ", CHANGELOG, re.DOTALL)[1]
    today = [row.split(" | ")[1] for row in moved.splitlines() if row.startswith("| `")]
    places = [name for cell in today for name in re.findall(r"`(transferpain\.[\w.]+)`", cell)]
    assert places
    assert [name for name in places if not (ROOT / name.replace(".", "/")).is_dir()] == []
