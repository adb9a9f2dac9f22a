import ast
import os
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tests.lean_set import OUTSIDE_LEAN, lean_environment
from transferpain.core.errors import UserError
from transferpain.core.optional import PARTS, is_installed, missing_modules, require

ROOT = Path(__file__).parents[2]
FULL = [part.name for part in PARTS.values() if part.full]


def pins(name: str) -> list[str]:
    lines = (ROOT / name).read_text(encoding="utf-8").splitlines()
    return [line for line in lines if line and not line.startswith(("#", "-"))]


def test_parts_are_the_extras_of_the_package():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    extras.pop("docs")  # makes the site of the pages, and is no part of the toolkit
    assert {part.name: list(part.requirements) for part in PARTS.values()} == extras


def test_parts_are_what_the_full_set_has_beside_the_lean_one():
    assert "-r requirements-lean.txt" in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert [pin for name in FULL for pin in PARTS[name].requirements] == pins("requirements.txt")
    assert not set(pins("requirements.txt")) & set(pins("requirements-lean.txt"))


def imports_at_the_top(path: Path) -> set[str]:
    """Return the top-level modules that a file imports when it is imported itself."""
    found = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
        found |= {name.partition(".")[0] for name in names}
    return found


def test_only_the_modules_of_the_server_import_at_their_top_what_the_lean_set_has_not():
    importing = {
        path.relative_to(ROOT / "transferpain").as_posix()
        for path in (ROOT / "transferpain").rglob("*.py")
        if imports_at_the_top(path) & {*OUTSIDE_LEAN, "huggingface_hub"}
    }
    assert importing == {f"apps/serve/{name}.py" for name in ("app", "certificate", "middleware", "serve")}


def said_without_packages(tmp_path: Path, program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", f"from transferpain.core.optional import *\n{program}"],
        env=os.environ | lean_environment(tmp_path),
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


def test_what_is_not_installed_is_told_without_importing_it(tmp_path):
    program = f"print([missing_modules(name) for name in {FULL}])"
    missing = [["torch", "face_alignment"], ["openvino"], ["fastapi", "uvicorn", "cryptography"]]
    assert said_without_packages(tmp_path, program) == str(missing)
    program = f"import sys; [is_installed(name) for name in {FULL}]; print({{'torch', 'openvino'}} & {{*sys.modules}})"
    done = subprocess.run(
        [sys.executable, "-c", f"from transferpain.core.optional import *\n{program}"], capture_output=True, text=True
    )
    assert done.stdout == "set()\n"


@pytest.mark.parametrize("name", FULL)
def test_the_message_names_the_pins_what_is_missing_and_two_ways_to_install_it(tmp_path, name):
    said = said_without_packages(tmp_path, f"try:\n    require({name!r})\nexcept UserError as error:\n    print(error)")
    part = PARTS[name]
    assert said.startswith(f"{part.title} cannot be used: a package is not installed.")
    assert f"Received: no module {part.modules[0]}" in said
    assert "`make setup`" in said
    assert f"python -m pip install {' '.join(part.requirements)}" in said


def test_a_module_that_must_not_be_imported_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "huggingface_hub", None)
    assert missing_modules("huggingface") == ["huggingface_hub"]
    assert not is_installed("huggingface")
    with pytest.raises(UserError, match=r"\nFetch a zip\.$"):
        require("huggingface", "Fetch a zip.")
    with pytest.raises(
        UserError, match=r"which no set installs\.\nReceived: .*\n.*pip install 'huggingface_hub>=0.24'$"
    ):
        require("huggingface")
