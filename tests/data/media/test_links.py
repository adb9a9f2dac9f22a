import os

import pytest

from transferpain.core.errors import UserError
from transferpain.data.media.links import leads_out, links_stay_in
from transferpain.data.media.walk import list_folder, walk_files


@pytest.fixture
def places(tmp_path):
    """Return the data root, a dataset in it, and a folder beside it whose name begins as the root's."""
    root, own, beside = tmp_path / "data", tmp_path / "data" / "clinic", tmp_path / "data-of-others"
    for folder in (own / "videos", beside):
        folder.mkdir(parents=True)
        (folder / "a.mp4").touch()
    return root, own, beside


def test_what_leads_out_is_told_by_where_it_ends(places):
    root, own, beside = places
    assert not leads_out(own / "videos" / "a.mp4", root)
    assert not leads_out(root, root)
    assert leads_out(beside / "a.mp4", root)
    assert leads_out(own / ".." / ".." / "data-of-others", root)
    assert not leads_out(beside / "a.mp4", own, beside)
    (own / "chain").symlink_to(own / "next")
    (own / "next").symlink_to(beside)
    assert leads_out(own / "chain" / "a.mp4", own, root)
    assert not leads_out(own / "nowhere", root)


def test_folders_are_listed_if_their_links_stay(places):
    root, own, beside = places
    (own / "again.mp4").symlink_to(own / "videos" / "a.mp4")
    (own / "up").symlink_to(os.path.join("..", "clinic", "videos"))
    with links_stay_in(own, root):
        assert len(list_folder(own)) == 3
    (own / "Erika Muster").symlink_to(beside)
    (own / "b.mp4").symlink_to(beside / "a.mp4")
    (own / "gone").symlink_to(beside / "gone")
    for listed in (list_folder, lambda folder: list(walk_files(folder.parent))):
        with links_stay_in(own, root), pytest.raises(UserError, match=r"Received: 2 links in .*clinic\n") as refused:
            listed(own)
        assert "allow_links: true" in str(refused.value)
        assert "Muster" not in str(refused.value)
    assert len(list_folder(own)) == 5


def test_the_limit_ends_with_its_block(places):
    root, own, beside = places
    (own / "out").symlink_to(beside)
    with pytest.raises(UserError, match="1 link in"), links_stay_in(own, root):
        list_folder(own)
    assert len(list_folder(own)) == 2
