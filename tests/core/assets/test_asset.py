import os
import subprocess
import sys
from pathlib import Path

import pytest

from transferpain.core.assets.asset import assets_folder, bytes_digest, inside_package


@pytest.mark.parametrize(
    ("variables", "expected"),
    [
        ({"TRANSFERPAIN_ASSETS": "/somewhere"}, "/somewhere"),
        ({"TRANSFERPAIN_ASSETS": "/somewhere", "XDG_CACHE_HOME": "/cache"}, "/somewhere"),
        ({"XDG_CACHE_HOME": "/cache"}, "/cache/transferpain/assets"),
        ({"HOME": "/home/somebody"}, "/home/somebody/.cache/transferpain/assets"),
        (
            {"HOME": "/home/somebody", "TRANSFERPAIN_ASSETS": "", "XDG_CACHE_HOME": ""},
            "/home/somebody/.cache/transferpain/assets",
        ),
    ],
)
def test_the_folder_is_the_one_that_is_named_else_in_the_users_cache(monkeypatch, variables, expected):
    for name in ("TRANSFERPAIN_ASSETS", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    assert assets_folder() == Path(expected)


def test_a_user_without_a_home_is_told_to_name_a_folder():
    program = (
        "import os, pwd; from transferpain.core.assets.asset import assets_folder\n"
        "from transferpain.core.errors import UserError\n"
        "os.setuid(54321)\n"
        "try:\n    assets_folder()\nexcept UserError as error:\n    print(error)"
    )
    if os.getuid() != 0:
        pytest.skip("only root may become a user without a home")
    hidden = ("HOME", "TRANSFERPAIN_ASSETS", "XDG_CACHE_HOME")
    environment = {name: value for name, value in os.environ.items() if name not in hidden}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, text=True)
    assert "Set TRANSFERPAIN_ASSETS to a folder that may be written to." in done.stdout


def test_a_file_inside_a_package_is_found_without_importing_the_package(tmp_path, monkeypatch):
    (tmp_path / "carrier" / "models").mkdir(parents=True)
    (tmp_path / "carrier" / "__init__.py").write_text("raise RuntimeError('it was imported')")
    (tmp_path / "carrier" / "models" / "small.bin").write_bytes(b"1")
    monkeypatch.syspath_prepend(str(tmp_path))
    place = inside_package("carrier==1.0", "models/small.bin")
    assert place.path() == tmp_path / "carrier" / "models" / "small.bin"
    assert place.command.endswith(" carrier==1.0")
    assert inside_package("carrier==1.0", "models/other.bin").path() is None
    assert inside_package("no-such-package==1.0", "small.bin").path() is None


def test_a_digest_is_that_of_the_bytes(tmp_path):
    (tmp_path / "empty").touch()
    assert bytes_digest(tmp_path / "empty", "md5") == "d41d8cd98f00b204e9800998ecf8427e"
    assert bytes_digest(tmp_path / "empty", "sha256").startswith("e3b0c44298fc1c14")
