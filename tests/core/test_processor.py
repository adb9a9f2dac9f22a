import pytest

from transferpain.core.processor import goes_without_onednn, processor_flags


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
def test_tensorflow_leaves_onednn_off_on_most_laptops(flags):
    assert goes_without_onednn(frozenset(flags))


@pytest.mark.parametrize(
    "flags", [{"avx2", "avx512_vnni"}, {"avx2", "avx_vnni"}, {"avx2", "amx_bf16"}, {"sse4_2"}, set()]
)
def test_it_uses_it_by_itself_on_others_or_cannot(flags):
    assert not goes_without_onednn(frozenset(flags))
