import pytest

from transferpain.core.processor import ONEDNN, processor_flags, settings_for


def test_flags_are_read_from_the_first_processor(tmp_path):
    listing = tmp_path / "cpuinfo"
    listing.write_text("processor\t: 0\nflags\t\t: fpu avx2 amx_bf16\n\nprocessor\t: 1\nflags\t\t: other\n")
    assert processor_flags(listing) == {"fpu", "avx2", "amx_bf16"}


def test_no_flags_where_the_system_lists_none(tmp_path):
    assert processor_flags(tmp_path / "missing") == frozenset()
    other = tmp_path / "cpuinfo"
    other.write_text("processor : 0\nFeatures : fp asimd\n")
    assert processor_flags(other) == frozenset()


@pytest.mark.parametrize("flags", [{"avx2"}, {"avx2", "avx512f", "avx512bw"}, {"sse4_2", "avx2", "fma"}])
def test_tensorflow_is_told_to_use_what_it_leaves_off_by_itself(flags):
    assert settings_for(frozenset(flags)) == {ONEDNN: "1"}


@pytest.mark.parametrize(
    "flags", [{"avx2", "avx512_vnni"}, {"avx2", "avx_vnni"}, {"avx2", "amx_bf16"}, {"sse4_2"}, set()]
)
def test_nothing_is_said_where_it_knows_better(flags):
    assert settings_for(frozenset(flags)) == {}
