"""docs/server.md names what the server answers."""

import re
from pathlib import Path

from transferpain.apps.serve.answers import Assessment
from transferpain.apps.serve.limits import Limits
from transferpain.apps.serve.pictures import LONGEST_SIDE, MOST_PIXELS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "server.md").read_text(encoding="utf-8")


def test_every_refusal_is_listed_under_its_status():
    listed = {
        (int(status), name)
        for status, names in re.findall(r"(?m)^\| (4\d\d|503) \| (.*) \|$", PAGE)
        for name in re.findall("`([a-z-]+)`", re.sub("`--[a-z]+`", "", names))
    }
    code = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "transferpain" / "apps" / "serve").glob("*.py"))
    raised = {(int(status), name) for status, name in re.findall(r'Refusal\(\s*(\d+),\s*"([a-z-]+)"', code)}
    assert listed == raised - {(500, "fault")}
    assert (413, "too-large") in listed


def test_every_field_and_limit_is_named():
    fields = set(re.findall("`([a-z_]+)`", PAGE))
    assert set(Assessment.model_fields) <= fields
    limits = Limits()
    for said in (
        f"more than {limits.body_bytes / 1e6:g} MB",
        f"more than {MOST_PIXELS / 1e6:g} million",
        f"more than {limits.body_seconds:g} s",
        f"`--rate` ({limits.rate:g})",
        f"{limits.at_once} pictures are under way",
        f"reduced to {LONGEST_SIDE} pixels",
    ):
        assert said in PAGE
