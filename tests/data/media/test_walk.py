import os
import traceback
from pathlib import Path

import pytest

from tests.data.datasets.trees import touch
from transferpain.core.errors import UserError
from transferpain.data.media.walk import (
    SHOWN_ENTRIES,
    describe_endings,
    describe_folder,
    find_folder,
    list_folder,
    natural_key,
    numbered,
    walk_files,
)


def names(paths) -> list[str]:
    return [path.name for path in paths]


def test_numbers_sort_by_value():
    assert sorted(["Sub10", "Sub2", "sub1", "Sub"], key=natural_key) == ["Sub", "sub1", "Sub2", "Sub10"]
    assert sorted(["10", "9", "a"], key=natural_key) == ["9", "10", "a"]


def test_superscript_digits_are_no_numbers():
    assert sorted(["a²", "a1"], key=natural_key) == ["a1", "a²"]


def test_hidden_files_and_litter_are_ignored(tmp_path):
    for name in (".DS_Store", "Thumbs.db", "__MACOSX/a.mp4", "b.mp4"):
        touch(tmp_path / name)
    assert names(list_folder(tmp_path)) == ["b.mp4"]


def test_unreadable_folder_is_named(tmp_path):
    with pytest.raises(UserError, match="nowhere"):
        list_folder(tmp_path / "nowhere")


def test_walk_is_deep_ordered_and_limited(tmp_path):
    for name in ("b/10.mp4", "b/9.mp4", "a/x/y.mp4", "c.mp4"):
        touch(tmp_path / name)
    assert names(walk_files(tmp_path)) == ["y.mp4", "9.mp4", "10.mp4", "c.mp4"]
    assert names(walk_files(tmp_path, depth=2)) == ["9.mp4", "10.mp4", "c.mp4"]


def test_links_are_followed_but_loops_end(tmp_path):
    touch(tmp_path / "real" / "a.mp4")
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "link").symlink_to(tmp_path / "real")
    (tmp_path / "real" / "loop").symlink_to(tmp_path / "data")
    (tmp_path / "data" / "alias").symlink_to(tmp_path / "real")
    assert names(walk_files(tmp_path / "data", depth=50)) == ["a.mp4"]


def test_links_that_lead_upwards_are_not_entered(tmp_path):
    for name in ("data/clinic/a/1.mp4", "data/clinic/b/2.mp4", "data/ward/3.mp4", "disk/far/4.mp4", "disk/5.mp4"):
        touch(tmp_path / name)
    top = tmp_path / "data" / "clinic"
    (top / "away").symlink_to(tmp_path / "disk" / "far")
    for link, target in (("all", ".."), ("a/root", tmp_path), ("a/self", "../../clinic"), ("away/up", "..")):
        (top / link).symlink_to(target)
    assert [str(path.relative_to(top)) for path in walk_files(top)] == ["a/1.mp4", "away/4.mp4", "b/2.mp4"]


def test_what_stands_in_the_folder_is_found_in_its_own_place(tmp_path):
    for name in ("p1/rest.mp4", "p2/rest.mp4", ".store/p3/rest.mp4"):
        touch(tmp_path / name)
    (tmp_path / "p1" / "latest").symlink_to("../p2")
    (tmp_path / "p3").symlink_to(".store/p3")
    found = [str(path.relative_to(tmp_path)) for path in walk_files(tmp_path)]
    assert found == ["p1/rest.mp4", "p2/rest.mp4", "p3/rest.mp4"]


def test_links_to_nowhere_and_to_themselves_are_ignored(tmp_path):
    touch(tmp_path / "a.mp4")
    (tmp_path / "gone.mp4").symlink_to(tmp_path / "nowhere.mp4")
    (tmp_path / "self").symlink_to(tmp_path / "self")
    assert names(walk_files(tmp_path)) == ["a.mp4"]
    assert names(list_folder(tmp_path)) == ["a.mp4"]


def test_find_folder_looks_at_the_base_first_and_not_too_deep(tmp_path):
    touch(tmp_path / "one" / "two" / "three" / "mark")

    def is_marked(folder: Path) -> bool:
        return (folder / "mark").exists()

    assert find_folder(tmp_path, is_marked, depth=2) is None
    assert find_folder(tmp_path, is_marked, depth=3) == tmp_path / "one" / "two" / "three"
    touch(tmp_path / "mark")
    assert find_folder(tmp_path, is_marked, depth=3) == tmp_path


def test_describe_folder(tmp_path):
    assert describe_folder(tmp_path) == "an empty folder"
    for number in range(10):
        touch(tmp_path / f"{number}.txt")
    touch(tmp_path / "a" / "x")
    assert describe_folder(tmp_path).startswith("0.txt, 1.txt")
    assert describe_folder(tmp_path).endswith("and 3 more")
    assert describe_folder(tmp_path / "a") == "x"


def test_endings_are_counted_and_no_name_is_shown():
    files = [Path(name) for name in ("a.HEIC", "b.heic ", "c.txt", "Sub1 Erika M.Muster-Frau", "README", "x/d.heic")]
    assert describe_endings(files) == "3 .heic, 2 of no known ending, 1 .txt"
    many = [Path(f"a.e{number}") for number in range(SHOWN_ENTRIES + 2)]
    assert describe_endings(many).endswith(f"1 .e{SHOWN_ENTRIES - 1}, 2 of others")
    assert describe_endings([]) == ""


def test_errors_and_descriptions_hide_persons_names(tmp_path):
    gone = touch(tmp_path / "Sub7 Erika Muster" / "a").with_name("gone")
    assert describe_folder(tmp_path) == "Sub07/"
    with pytest.raises(UserError, match="Sub07/gone cannot be read") as error:
        list_folder(gone)
    assert "Erika" not in "".join(traceback.format_exception(error.value))


def test_numbered_entries_come_by_number_and_once(tmp_path):
    for name in ("a10.txt", "A2.TXT", "a02.txt", "a2.txt.bak", "b1.txt"):
        touch(tmp_path / name)
    assert {number: entry.name for number, entry in numbered(tmp_path, r"a([0-9]+)\.txt").items()} == {
        2: "A2.TXT",
        10: "a10.txt",
    }


def test_a_name_that_is_no_text_is_refused_and_shown(tmp_path):
    place = os.fsencode(tmp_path) + b"/K\xf6ln.mp4"
    with open(place, "wb"):
        pass
    with pytest.raises(UserError, match=r"is no text(.|\n)*K.xf6ln"):
        list_folder(tmp_path)


def test_a_persons_name_may_be_of_any_letters(tmp_path):
    os.mkdir(os.fsencode(tmp_path) + b"/Sub3 J\xf6rg")
    assert len(list_folder(tmp_path)) == 1
