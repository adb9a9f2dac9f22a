import pytest

from tests.data.datasets.trees import touch
from transferpain.core.errors import UserError
from transferpain.data.datasets.index import read_index
from transferpain.data.datasets.left_out import check_names, left_out_of

NAMES = ("frames.csv", "dataset.yaml")


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("Frames.csv", "frames.csv"),
        ("frames.csv.txt", "frames.csv"),
        ("frames.xlsx", "frames.csv"),
        ("dataset.yml", "dataset.yaml"),
        ("Dataset.YAML", "dataset.yaml"),
        ("dataset .yaml", "dataset.yaml"),
    ],
)
def test_a_table_that_would_be_passed_over_is_named(tmp_path, name, meant):
    touch(tmp_path / name)
    with pytest.raises(UserError, match=f"is called {meant}"):
        check_names(tmp_path, NAMES)
    touch(tmp_path / meant)
    check_names(tmp_path, NAMES)


def test_other_names_and_folders_are_nobodys_business(tmp_path):
    for name in ("frames/1.png", "frames-old.csv", "my dataset.yml", ".frames.csv"):
        touch(tmp_path / name)
    check_names(tmp_path, NAMES)


def test_what_is_no_picture_in_a_folder_of_pictures_is_named(tmp_path):
    for name in ("1.jpg", "2.heic", "3.pgm", "notes.TXT", ".DS_Store", "Thumbs.db", "._1.jpg", "more/4.jpg"):
        touch(tmp_path / "own" / "f" / name)
    assert left_out_of(tmp_path / "own" / "f") == "2.heic, more/"
    for number in range(5, 8):
        touch(tmp_path / "own" / "f" / f"{number}.mov")
    assert left_out_of(tmp_path / "own" / "f") == "2.heic, 5.mov, 6.mov and 2 more"
    touch(tmp_path / "own" / "index.csv", b"media,subject,label\nf,anna,1\n")
    index = read_index("own", tmp_path)
    assert index.problems == ("own/f: 2.heic, 5.mov, 6.mov and 2 more left out, no picture by its name.",)
    assert index.clips["num_frames"].tolist() == [2]
