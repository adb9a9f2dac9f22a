"""The files that say what is installed agree with each other."""

import re
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "locks").glob("*.txt"))
FILES = ("requirements-lean.txt", "requirements.txt", "requirements-dev.txt")


def pinned(path: Path) -> dict[str, str]:
    """Return package -> version of a file's lines."""
    lines = path.read_text(encoding="utf-8").splitlines()
    asked = [Requirement(line) for line in lines if line and not line.startswith(("#", "-", " "))]
    return {canonicalize_name(one.name): str(one.specifier).removeprefix("==") for one in asked}


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_has_every_requirement_at_its_version(lock):
    locked = pinned(lock)
    asked = {name: version for file in FILES for name, version in pinned(ROOT / file).items()}
    assert {name: locked.get(name) for name in asked} == asked


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_a_lock_pins_each_package_to_one_version(lock):
    assert not [version for version in pinned(lock).values() if not re.fullmatch(r"[\w.+!]+", version)]


@pytest.mark.parametrize("lock", LOCKS, ids=lambda lock: lock.stem)
def test_both_builds_of_opencv_which_share_a_folder_are_of_one_version_and_there_is_no_third(lock):
    builds = {name: version for name, version in pinned(lock).items() if name.startswith("opencv")}
    assert sorted(builds) == ["opencv-contrib-python", "opencv-python"]
    assert len(set(builds.values())) == 1


def test_there_is_a_lock_for_each_python_that_is_promised():
    promised = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    assert 'requires-python = ">=3.11,<3.14"' in promised
    assert [lock.stem for lock in LOCKS] == ["python3.11", "python3.12", "python3.13"]
