"""Every promise of docs/security.md names tests that are there."""

import re
from pathlib import Path

from transferpain.apps.serve.decoding import DECODE_SECONDS
from transferpain.apps.serve.limits import Limits
from transferpain.apps.serve.messages import MOST_MESSAGES
from transferpain.apps.serve.pictures import MOST_SCANS
from transferpain.core.foreign import MOST_DIGITS, MOST_NESTING
from transferpain.core.yaml_file import MOST_PARTS
from transferpain.models.bundles import sizes
from transferpain.models.bundles.manifest import MOST_FILES

ROOT = Path(__file__).parents[2]
PAGE = ROOT / "docs" / "security.md"


def promises() -> list[list[str]]:
    """Return the cells of each row of the tables: promise, limit, tests."""
    rows = [line.strip("| ").split(" | ") for line in PAGE.read_text(encoding="utf-8").splitlines() if line[:2] == "| "]
    return [row for row in rows if row[0] != "promise"]


def test_every_promise_has_tests_and_each_of_them_is_there():
    assert len(promises()) > 30
    for promise, _, tests in promises():
        named = re.findall(r"`(tests/[\w/]+\.py)::(test_\w+)`", tests)
        assert named, promise
        for file, test in named:
            assert re.search(rf"^def {test}\(", (ROOT / file).read_text(encoding="utf-8"), re.MULTILINE), test


def test_the_limits_are_those_of_the_code():
    text = " ".join(limit for _, limit, _ in promises())
    limits = Limits()
    for stated in (
        f"{sizes.MOST_LAYERS:,} layers, {sizes.MOST_PARAMETERS // 10**6} million parameters",
        f"{sizes.MOST_ACTIVATIONS // 10**6} million activations",
        f"{sizes.MOST_PRODUCTS // 10**9} billion multiplications",
        f"{MOST_NESTING} levels, whole numbers of {MOST_DIGITS} digits",
        f"{MOST_FILES} files",
        f"{limits.connections_of_client} of a client, {limits.connections} in all",
        f"{limits.idle_seconds} s; {limits.body_seconds} s for a body, {limits.request_seconds} s for a request",
        f"of {limits.at_once} pictures under way no more than are left free, {limits.at_once // 2} at most",
        f"{MOST_SCANS} scans, {DECODE_SECONDS} s",
        f"{MOST_MESSAGES} messages a minute",
        f"{MOST_PARTS:,} values",
    ):
        assert stated in text
