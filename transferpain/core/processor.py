"""What the processor can do, found without starting TensorFlow."""

from pathlib import Path

ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
# TensorFlow uses oneDNN by itself where a processor has one of these, and leaves the others to kernels that train
# convolutions several times slower.
ONEDNN_BY_ITSELF = frozenset({"avx512_vnni", "avx512_bf16", "avx_vnni", "amx_tile", "amx_int8", "amx_bf16"})


def processor_flags(path: Path = Path("/proc/cpuinfo")) -> frozenset[str]:
    """Return the processor's feature flags; none where the system does not list them in `path`."""
    if not path.is_file():
        return frozenset()
    for line in path.read_text(encoding="utf-8").splitlines():
        name, _, values = line.partition(":")
        if name.strip() == "flags":
            return frozenset(values.split())
    return frozenset()


def goes_without_onednn(flags: frozenset[str]) -> bool:
    """Tell whether TensorFlow leaves oneDNN off on a processor with these flags, though it could use it."""
    return "avx2" in flags and not flags & ONEDNN_BY_ITSELF
