"""GPUs as a driver describes them: its program is a script here, and so are CUDA's libraries an empty file."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from transferpain.core import gpu
from transferpain.core.gpu import (
    CELL_BYTES,
    GROWTH,
    VISIBLE,
    Gpu,
    cells_at_once,
    describe_gpus,
    find_gpus,
    gpu_capability,
    gpu_dtype,
    let_memory_grow,
    next_gpu,
    show_only,
    usable_gpus,
    visible,
)

TWO = "echo 'GPU-1a, NVIDIA A100-SXM4-40GB, 8.0, 40960'; echo 'GPU-2b, Tesla T4, 7.5, 15360'"
A100, T4 = (Gpu("GPU-1a", "NVIDIA A100-SXM4-40GB", 8.0, 40960 * 2**20), Gpu("GPU-2b", "Tesla T4", 7.5, 15360 * 2**20))


@pytest.fixture
def driver(tmp_path, monkeypatch):
    """Return what installs an `nvidia-smi` that runs a script, and CUDA's libraries if they are asked for."""
    for name in (VISIBLE, GROWTH, "LD_LIBRARY_PATH"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)

    def install(script: str, libraries: bool = True) -> None:
        program = tmp_path / "nvidia-smi"
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        if libraries:
            (tmp_path / "libcudnn.so.9").touch()
            monkeypatch.setenv("LD_LIBRARY_PATH", f":{tmp_path}:/nowhere")

    return install


def topics() -> dict[str, str]:
    return {topic: value for topic, value, _ in describe_gpus()}


def test_gpus_are_read_from_the_drivers_answer(driver):
    driver(TWO)
    assert find_gpus().found == usable_gpus() == (A100, T4)
    assert gpu_capability() == 7.5


def test_the_driver_is_asked_for_what_is_read(driver, tmp_path):
    driver(f'echo "$@" > {tmp_path}/asked; {TWO}')
    find_gpus()
    asked = (tmp_path / "asked").read_text().strip()
    assert asked == "--query-gpu=uuid,name,compute_cap,memory.total --format=csv,noheader,nounits"


@pytest.mark.parametrize(
    ("script", "problem"),
    [
        ("exit 9", "ended with status 9 and says: nothing"),
        ("echo 'NVIDIA-SMI has failed'; exit 9", "says: NVIDIA-SMI has failed"),
        ("echo 'Field \"compute_cap\" is not valid.' >&2; exit 2", 'says: Field "compute_cap" is not valid.'),
        ("true", "ended with status 0 and says: nothing"),
        ("echo GPU-1, T4, '[N/A]', 15360", "what is not understood: GPU-1, T4, [N/A], 15360"),
        ("echo 7.5", "what is not understood: 7.5"),
        ("printf '\\377'", "what is not understood"),
    ],
)
def test_an_answer_that_names_no_gpu_is_told(driver, script, problem):
    driver(script)
    assert find_gpus().found == ()
    assert problem in find_gpus().problem
    assert gpu_capability() is None
    assert problem in topics()["GPU"]


def test_a_program_that_cannot_start_or_hangs_is_told(driver, tmp_path, monkeypatch):
    driver(TWO)
    (tmp_path / "nvidia-smi").write_text("#!/no/such/shell\n")
    assert "cannot be started" in find_gpus().problem
    monkeypatch.setattr(gpu, "ANSWER_SECONDS", 0.2)
    driver("exec sleep 60")
    assert "did not answer within 0.2 s" in find_gpus().problem


def test_without_the_program_there_is_no_gpu(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert (find_gpus().found, find_gpus().problem, gpu_capability()) == ((), "", None)
    assert describe_gpus() == [("GPU", "none found", "absent")]


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (None, (A100, T4)),
        ("1", (T4,)),
        ("1,0", (T4, A100)),
        ("GPU-2", (T4,)),
        ("GPU-1a, 1", (A100, T4)),
        ("", ()),
        ("-1", ()),
        ("0,-1,1", (A100,)),
        ("7", ()),
        ("GPU-", ()),
        ("MIG-1a", ()),
    ],
)
def test_what_is_visible_counts(driver, monkeypatch, setting, expected):
    assert visible((A100, T4), setting) == expected
    driver(TWO)
    if setting is not None:
        monkeypatch.setenv(VISIBLE, setting)
    assert usable_gpus() == expected


@pytest.mark.parametrize(("capability", "dtype"), [(7.5, "float32"), (8.0, "bfloat16"), (12.0, "bfloat16")])
def test_the_capability_decides_on_the_dtype(capability, dtype):
    chosen, reason = gpu_dtype(capability)
    assert chosen == dtype
    assert str(capability) in reason


def test_without_cudas_libraries_the_processor_computes_and_doctor_says_how_to_get_them(driver):
    driver(TWO, libraries=False)
    if usable_gpus():
        pytest.skip("CUDA's libraries are installed here")
    assert gpu_capability() is None
    assert "A100" in topics()["GPU"] or "T4" in topics()["GPU"]
    assert "pip install 'tensorflow[and-cuda]==" in topics()["GPU libraries"]
    assert describe_gpus()[-1][2] == "absent"


def test_doctor_shows_all_that_matters(driver, monkeypatch):
    driver(TWO)
    assert [value for topic, value, _ in describe_gpus() if topic == "GPU"] == [
        "NVIDIA A100-SXM4-40GB, compute capability 8.0, 42.9 GB",
        "Tesla T4, compute capability 7.5, 16.1 GB",
    ]
    shown = topics()
    parts = ("libraries", "memory", "determinism", "cells", "standing")
    assert shown.keys() == {"GPU", *(f"GPU {part}" for part in parts)}
    assert f"{GROWTH}=true" in shown["GPU memory"]
    assert "about 9 at a time, each sees one GPU" in shown["GPU cells"]
    assert "docs/gpu.md" in shown["GPU standing"]
    monkeypatch.setenv(GROWTH, "false")
    assert "may take all of it" in topics()["GPU memory"]


def test_memory_decides_how_many_cells_share_a_gpu():
    assert cells_at_once([]) == 0
    assert cells_at_once([Gpu("GPU-1", "small", 6.1, CELL_BYTES / 2)]) == 1
    assert cells_at_once([A100, T4]) == 7 + 2


def test_cells_are_dealt_out_over_several_gpus_and_one_is_no_choice():
    assert next_gpu([A100], {}) is next_gpu([], {}) is None
    used = {}
    for cell in "abcd":
        used[cell] = next_gpu([A100, T4], used)
    assert list(used.values()) == ["GPU-1a", "GPU-2b", "GPU-1a", "GPU-2b"]
    del used["b"]
    assert next_gpu([A100, T4], used) == "GPU-2b"


def test_a_cell_sees_its_gpu_alone(monkeypatch):
    monkeypatch.setenv(VISIBLE, "0,1")
    show_only(None)
    assert os.environ[VISIBLE] == "0,1"
    show_only("GPU-2b")
    assert os.environ[VISIBLE] == "GPU-2b"


def test_memory_grows_unless_somebody_has_set_it_otherwise(monkeypatch):
    monkeypatch.delenv(GROWTH, raising=False)
    let_memory_grow()
    assert os.environ[GROWTH] == "true"
    monkeypatch.setenv(GROWTH, "false")
    let_memory_grow()
    assert os.environ[GROWTH] == "false"


@pytest.mark.slow
def test_memory_grows_wherever_tensorflow_is_started():
    program = (
        "import os; from transferpain.core.quiet import import_tensorflow; "
        f"import_tensorflow(); print(os.environ['{GROWTH}'])"
    )
    environment = {name: value for name, value in os.environ.items() if name != GROWTH}
    command = [sys.executable, "-c", program]
    answer = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    assert answer.stdout == "true\n"


def test_the_page_says_that_it_was_never_run():
    page = (Path(__file__).parents[2] / "docs" / "gpu.md").read_text(encoding="utf-8")
    assert "never run on a GPU" in page
    assert "transferpain doctor" in page
    assert "8.0" in page
    assert f"{CELL_BYTES / 1e9:.0f} GB" in page
