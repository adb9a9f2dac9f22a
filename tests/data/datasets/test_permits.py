import pytest

from tests.data.datasets.clinic import write
from tests.data.datasets.trees import touch
from transferpain.core.errors import UserError
from transferpain.data.datasets.index import read_index
from transferpain.data.datasets.permits import Permit, read_permit


@pytest.mark.parametrize(("text", "allowed"), [(None, False), ("", False), ("allow_links: false", False),
                                               ("allow_links: true", True)])  # fmt: skip
def test_nothing_is_permitted_but_what_the_file_says(tmp_path, text, allowed):
    if text is not None:
        (tmp_path / "dataset.yaml").write_text(text)
    assert read_permit(tmp_path) == Permit(allow_links=allowed)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("allow_links: 1", "allow_links"),
        ("allow_links: 'yes'", "allow_links"),
        ("allow_link: true", "allow_links"),
        ("licence: free", "licence"),
        ("- a", ""),
        ("{", ""),
        ("\0", ""),
    ],
)
def test_a_file_that_says_anything_else_is_refused(tmp_path, text, told):
    (tmp_path / "dataset.yaml").write_text(text)
    with pytest.raises(UserError, match=rf"(?s)dataset\.yaml cannot be used.*{told}"):
        read_permit(tmp_path)


@pytest.mark.parametrize("kind", ["video", "folder", "picture"])
def test_a_link_out_of_the_data_root_is_refused_unless_it_is_allowed(clinic, tmp_path_factory, kind):
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    for name in ("a.mp4", "pictures/1.png"):
        touch(elsewhere / name)
    links = {"video": ("out.mp4", "a.mp4"), "folder": ("out", "pictures"), "picture": ("own/1.png", "pictures/1.png")}
    link, target = links[kind]
    (clinic / "clinic" / link).parent.mkdir(exist_ok=True)
    (clinic / "clinic" / link).symlink_to(elsewhere / target)
    media = link if kind != "picture" else "own"
    write(clinic, f"media,subject,label\n{media},o,pain\n")
    with pytest.raises(UserError, match=rf"leads out of the data root(.|\n)*allow_links(.|\n)*'clinic/{media}'"):
        read_index("clinic", clinic)
    write(clinic, "allow_links: true\n", "dataset.yaml")
    assert len(read_index("clinic", clinic).clips) == 1


@pytest.mark.parametrize("name", ["index.csv", "frames.csv", "dataset.yaml"])
def test_a_table_that_is_a_link_out_of_the_data_root_is_refused_unless_it_is_allowed(clinic, tmp_path_factory, name):
    write(clinic, "clip,frame,pspi\nvideos/otto,1,1\n", "frames.csv")
    write(clinic, "title: Our clinic\n", "dataset.yaml")
    moved = tmp_path_factory.mktemp("elsewhere") / name
    (clinic / "clinic" / name).rename(moved)
    (clinic / "clinic" / name).symlink_to(moved)
    with pytest.raises(UserError, match=rf"(?s)lead out of the data root.*{name} is one.*allow_links: true"):
        read_index("clinic", clinic)
    write(clinic, "allow_links: true\n", "dataset.yaml")
    assert len(read_index("clinic", clinic).frames) == 1


def test_the_dataset_itself_may_be_a_link_and_links_inside_it_are_followed(clinic, tmp_path):
    root = tmp_path / "root"
    root.mkdir()
    (root / "clinic").symlink_to(clinic / "clinic")
    (clinic / "clinic" / "again.avi").symlink_to(clinic / "clinic" / "videos" / "otto.avi")
    write(clinic, "media,subject,label\nvideos/otto.avi,o,pain\nagain.avi,o,pain\n")
    assert len(read_index("clinic", root).clips) == 2
