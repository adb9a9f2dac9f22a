import pytest

from tests.data.datasets.trees import touch
from tests.forked_program import heavy_modules
from transferpain.core.errors import UserError
from transferpain.data.datasets.index import read_index
from transferpain.data.datasets.registry import DATASETS, find_dataset


def test_licensed_datasets_do_not_allow_sharing_models():
    assert [name for name, dataset in DATASETS.items() if dataset.redistributable] == ["ferplus"]


def test_unknown_name():
    with pytest.raises(UserError, match=r"known are `biovid`, `ai4pain`.*did you mean `biovid`"):
        find_dataset("biowid")


def test_datasets_tasks_and_protocols_load_no_heavy_library():
    code = (
        "import transferpain.data.datasets.check, transferpain.data.tasks.task\n"
        "import transferpain.data.protocols.make, transferpain.data.protocols.splitter"
    )
    heavy = {"tensorflow", "keras", "sklearn", "scipy", "matplotlib", "torch", "cv2"}
    assert heavy_modules(code, heavy) == set()


def test_own_data_never_stand_in_for_a_known_dataset(clinic):
    (clinic / "clinic").rename(clinic / "biovid")
    with pytest.raises(UserError, match="No data of BioVid"):
        read_index("biovid", clinic)


@pytest.mark.parametrize("name", ["Clinic", "../clinic", "clinic/", "nothing", ""])
def test_other_names_are_unknown(clinic, name):
    with pytest.raises(UserError, match=r"unknown(.|\n)*index\.csv"):
        read_index(name, clinic)


@pytest.mark.parametrize(
    ("name", "told"),
    [
        ("Our_Clinic", "has an index.csv, but not such a name: call it our-clinic"),
        ("nothing", "searched in .*where there is: "),
        ("bare", r"bare has no index\.csv; there: a\.txt"),
        ("clinik", r"where there is: .*clinic/"),
    ],
)
def test_where_a_dataset_was_looked_for_is_said(clinic, name, told):
    touch(clinic / "Our_Clinic" / "index.csv")
    touch(clinic / "bare" / "a.txt")
    with pytest.raises(UserError, match=told) as refused:
        read_index(name, clinic)
    assert str(clinic.resolve()) in str(refused.value)


def test_a_folder_of_own_data_that_is_a_link_to_nowhere_is_told(tmp_path):
    (tmp_path / "clinic").symlink_to("unplugged")
    with pytest.raises(UserError, match=r"clinic is a link to unplugged, which is not there"):
        read_index("clinic", tmp_path)


def test_a_data_root_that_is_not_there_is_named(tmp_path):
    with pytest.raises(UserError, match=r"data root .*gone is not there \(--data-root"):
        read_index("clinic", tmp_path / "gone")
    touch(tmp_path / "index.csv")
    with pytest.raises(UserError, match=r"index\.csv is a file"):
        read_index("clinic", tmp_path / "index.csv")
    with pytest.raises(UserError, match="name the dataset by this path"):
        read_index("clinic", tmp_path)


def test_a_folder_may_be_named_by_its_path(clinic, tmp_path, monkeypatch):
    index = read_index(f"{clinic}/clinic", tmp_path / "another-root")
    assert index.dataset.name == "clinic"
    assert index.clips["media"].equals(read_index("clinic", clinic).clips["media"])
    monkeypatch.chdir(clinic)
    assert read_index("./clinic/", tmp_path / "another-root").hash == index.hash
    (clinic / "clinic").rename(clinic / "Our Clinic")
    with pytest.raises(UserError, match="lower-case letters"):
        read_index(f"{clinic}/Our Clinic", clinic)
