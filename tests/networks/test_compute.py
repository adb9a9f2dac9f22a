import subprocess
import sys

import pytest

from transferpain.networks.compute import choose_compute_dtype, fastest_dtype


@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_what_is_asked_for_is_taken(dtype):
    assert choose_compute_dtype(dtype) == (dtype, f"{dtype} was asked for.")


@pytest.mark.parametrize(
    ("flags", "capability", "dtype", "named"),
    [
        ({"avx2"}, None, "float32", "neither amx_bf16 nor avx512_bf16"),
        ({"avx2", "avx512_bf16"}, None, "bfloat16", "avx512_bf16"),
        ({"amx_bf16", "avx512_bf16"}, None, "bfloat16", "amx_bf16"),
        ({"avx2"}, 8.0, "bfloat16", "8.0"),
        ({"amx_bf16"}, 7.5, "float32", "7.5"),
        (set(), 12.0, "bfloat16", "12.0"),
    ],
)
def test_the_machine_decides_and_is_named(flags, capability, dtype, named):
    chosen, reason = fastest_dtype(frozenset(flags), capability)
    assert chosen == dtype
    assert named in reason


def test_the_choice_starts_no_tensorflow():
    code = (
        "import sys; from transferpain.networks.compute import choose_compute_dtype; "
        "print(choose_compute_dtype('auto')[0], 'tensorflow' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    dtype, imported = answer.stdout.split()
    assert dtype in ("float32", "bfloat16")
    assert imported == "False"
