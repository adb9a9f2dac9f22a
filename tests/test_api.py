"""The public Python API: its names are looked up when they are asked for, and nothing heavy before."""

import subprocess
import sys

import pytest

import transferpain
from tests.forked_program import heavy_modules

HEAVY = {
    *("tensorflow", "keras", "torch", "mediapipe", "cv2", "sklearn", "numpy", "pandas", "pyarrow"),
    *("matplotlib", "pydantic", "yaml", "filelock"),
}


def modules_after(code: str) -> set[str]:
    """Return the top-level modules that a process of its own has imported after `code`."""
    program = f"{code}\nimport sys; print(' '.join({{name.split('.')[0] for name in sys.modules}}))"
    result = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return set(result.stdout.split())


def test_to_import_the_package_imports_nothing_heavy():
    assert not modules_after("import transferpain; dir(transferpain)") & HEAVY


def test_to_read_a_dataset_imports_no_tensorflow():
    code = "import transferpain as tp; tp.load_dataset, tp.label, tp.extract, tp.cross_validate, tp.report"
    assert heavy_modules(code, {"tensorflow", "keras"}) == set()


@pytest.mark.parametrize("name", [name for name in transferpain.__all__ if not name.startswith("__")])
def test_every_public_name_is_there_and_documented(name):
    assert getattr(transferpain, name).__doc__
    assert name in dir(transferpain)


def test_a_name_that_is_not_public_is_an_attribute_error():
    with pytest.raises(AttributeError, match="no attribute 'exract'"):
        transferpain.exract  # noqa: B018


def test_the_version_is_there_at_once():
    assert transferpain.__version__.count(".") == 2
