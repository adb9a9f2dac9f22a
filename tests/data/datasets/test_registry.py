import pytest

from tests.forked_program import heavy_modules
from transferpain.core.errors import UserError
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
