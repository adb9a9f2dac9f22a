"""THIRD_PARTY.md: every package that is asked for, and what the command writes of the same versions."""

import re
import runpy
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from tests.parts import needs
from transferpain.models.assets import ALL_ASSETS

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "THIRD_PARTY.md").read_text(encoding="utf-8")
COMMAND = runpy.run_path(str(ROOT / "docs" / "third_party.py"))
PINS = [
    line
    for name in ("requirements-lean.txt", "requirements.txt")
    for line in (ROOT / name).read_text(encoding="utf-8").splitlines()
    if line and not line.startswith(("#", "-"))
]


def packages(page: str) -> dict[str, str]:
    """Return package -> version of the tables."""
    return {
        canonicalize_name(name): version for name, version in re.findall(r"^\| ([\w.-]+) \| (\d\S*) \|", page, re.M)
    }


@pytest.mark.parametrize("pin", PINS)
def test_every_package_that_is_asked_for_is_listed_with_its_version(pin):
    asked = Requirement(pin)
    listed = packages(PAGE.split("## Packages that these pull in")[0])
    assert listed[canonicalize_name(asked.name)] in asked.specifier


@needs("face-alignment")
@needs("edge")
@needs("server")
def test_the_command_writes_the_page_where_the_same_versions_are_installed():
    written = COMMAND["third_party"](ROOT / "requirements.txt", ROOT / "weights")
    if packages(written) != packages(PAGE):
        pytest.skip("other versions are installed here")
    assert written == PAGE


def test_shipped_models_stand_with_the_terms_of_their_data():
    for manifest in (ROOT / "weights").glob("*/manifest.json"):
        assert re.search(rf"^\| `{manifest.parent.name}` \|.*Research use.*FER\+.*never pass on pixels", PAGE, re.M)


@pytest.mark.parametrize("asset", ALL_ASSETS.values(), ids=list(ALL_ASSETS))
def test_assets_stand_with_their_address_digest_and_licence(asset):
    row = next(line for line in PAGE.splitlines() if line.startswith(f"| `{asset.file}`"))
    assert asset.url in row
    assert asset.digest in row
    assert row.endswith(f"| {asset.licence} |")


def test_the_packages_that_carry_them_are_listed():
    carrying = PAGE.split("## Packages that carry a model's file")[1].split("## Models")[0]
    pins = dict(re.findall(r"^(\w+)==(\S+) --hash", (ROOT / "requirements-assets.txt").read_text(), re.M))
    assert packages(carrying) == pins != {}


def test_every_package_states_a_licence():
    assert packages(PAGE)
    assert not [line for line in PAGE.splitlines() if line.split(" | ")[2:3] == ["not stated"]]


def test_a_package_that_is_not_installed_is_named(tmp_path):
    (tmp_path / "requirements.txt").write_text("# what is imported\n-r other.txt\npackaging\n")
    (tmp_path / "other.txt").write_text("no-such-package==1.0\n")
    with pytest.raises(PackageNotFoundError, match="no-such-package"):
        COMMAND["third_party"](tmp_path / "requirements.txt", tmp_path)


def test_an_option_is_no_name_of_a_file(tmp_path):
    script = Path(__file__).parents[2] / "docs" / "third_party.py"
    result = subprocess.run([sys.executable, script, "--check"], cwd=tmp_path, capture_output=True, text=True)
    assert result.returncode == 2
    assert "unrecognized arguments: --check" in result.stderr
    assert list(tmp_path.iterdir()) == []
