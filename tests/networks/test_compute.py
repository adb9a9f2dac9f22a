import subprocess
import sys

import pytest

from transferpain.networks.compute import choose_compute_dtype, fastest_dtype, processor_flags


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


def test_flags_are_read_from_the_first_processor(tmp_path):
    listing = tmp_path / "cpuinfo"
    listing.write_text("processor\t: 0\nflags\t\t: fpu avx2 amx_bf16\n\nprocessor\t: 1\nflags\t\t: other\n")
    assert processor_flags(listing) == {"fpu", "avx2", "amx_bf16"}


def test_no_flags_where_the_system_lists_none(tmp_path):
    assert processor_flags(tmp_path / "missing") == frozenset()
    other = tmp_path / "cpuinfo"
    other.write_text("processor : 0\nFeatures : fp asimd\n")
    assert processor_flags(other) == frozenset()


def test_the_choice_starts_no_tensorflow():
    code = (
        "import sys; from transferpain.networks.compute import choose_compute_dtype; "
        "print(choose_compute_dtype('auto')[0], 'tensorflow' in sys.modules)"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    dtype, imported = answer.stdout.split()
    assert dtype in ("float32", "bfloat16")
    assert imported == "False"
