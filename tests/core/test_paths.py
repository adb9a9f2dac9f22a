"""Names from elsewhere stay names, and paths stay where they belong."""

import os
import re
import sys
from pathlib import Path

import pytest

from transferpain.core.errors import UserError
from transferpain.core.paths import LONGEST_NAME, below, everything_below, inside, name_in_path
from transferpain.core.store import remove_folder, write_text


@pytest.mark.parametrize("text", ["fold0", "test", "071309_w_21", "042-ll042", "a.b..c", "x" * LONGEST_NAME])
def test_safe_names_stay_as_they_are_in_paths(text):
    assert name_in_path(text) == text


# Whoever names a subject may have chosen names that would meet those of others.
NAMES = [
    "", ".", "..", "...", "%", "%25", "%2E", "%2E.", "a/b", "a%2Fb", "/etc", "../up", "a b", "a\nb", "a\0b", "~", "Zoë",
    "Zoe\u0308", "\u202egpj.exe", "<b>&amp;</b>", "\udcff", "unknown:videos/a.mp4", "x" * LONGEST_NAME, "y" * 101,
    *("x" * 300 + end for end in ("", "/", ".", "é", "x")), name_in_path("x" * 300), name_in_path("é" * 200), "é" * 200,
]  # fmt: skip


def test_no_two_names_meet_in_paths(tmp_path):
    names = {text: name_in_path(text) for text in NAMES}
    assert len(set(names.values())) == len(NAMES)
    for name in names.values():
        assert re.fullmatch(r"[A-Za-z0-9_%-][A-Za-z0-9_.%-]*", name)
        assert len(name) <= 120
        (tmp_path / name).mkdir()
    assert len(list(tmp_path.iterdir())) == len(NAMES)


@pytest.mark.parametrize("path", ["/elsewhere", "..", "../other", "a/../..", ".", "a/..", "link/a", "link"])
def test_what_does_not_lie_inside_is_refused_and_stays(path, tmp_path):
    root, other = tmp_path / "root", tmp_path / "other"
    write_text(other / "a" / "kept.txt", "kept")
    root.mkdir()
    (root / "link").symlink_to(other)
    for refuse in (inside, remove_folder):
        with pytest.raises(UserError, match=r"leads out of the folder(.|\n)*Received: "):
            refuse(root, root / path)
    assert (other / "a" / "kept.txt").read_text() == "kept"
    assert root.is_dir()


def test_all_that_stands_below_is_found_however_deep_and_no_link_is_followed(tmp_path):
    deeper = str(tmp_path)
    for _ in range(levels := sys.getrecursionlimit() + 10):
        deeper += "/d"
        os.mkdir(deeper)
    (tmp_path / "file").write_text("x")
    (tmp_path / "link").symlink_to(tmp_path)
    found = list(everything_below(tmp_path))
    assert len(found) == levels + 2
    assert {path.name for path in found} == {"d", "file", "link"}
    assert list(everything_below(tmp_path / "absent")) == []
    for path in reversed(found):  # pytest would not get to the end of it
        path.rmdir() if path.name == "d" else path.unlink()


def test_what_lies_inside_is_returned_and_removed(tmp_path, monkeypatch):
    write_text(tmp_path / "root" / "a" / "b" / "file.txt", "gone")
    monkeypatch.chdir(tmp_path)
    folder = Path("root/a")
    assert inside(Path("root"), folder) == folder
    remove_folder(Path("root"), folder)
    assert list((tmp_path / "root").iterdir()) == []


@pytest.mark.parametrize("name", ["/etc", "..", "../other", "data/../../other", "./../x"])
def test_settings_lead_nowhere_outside(name, tmp_path):
    with pytest.raises(UserError, match="leads out of the folder"):
        below(tmp_path, name)


@pytest.mark.parametrize("name", ["data", "data/a/../b", ".", "..hidden"])
def test_settings_lead_below(name, tmp_path):
    assert below(tmp_path, str(tmp_path / name)).resolve() == below(tmp_path, name).resolve()
    assert tmp_path.resolve() in (path := below(tmp_path, name).resolve(), *path.parents)
