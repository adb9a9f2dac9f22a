"""Which number format the backbone computes in on this machine, found without starting TensorFlow."""

from transferpain.core.gpu import gpu_capability, gpu_dtype
from transferpain.core.processor import processor_flags

BFLOAT16_FLAGS = ("amx_bf16", "avx512_bf16")


def choose_compute_dtype(requested: str) -> tuple[str, str]:
    """Return the compute dtype and one sentence that says why.

    Args:
        requested: `auto`, `float32` or `bfloat16`.

    Returns:
        `("float32" | "bfloat16", reason)`.
    """
    if requested != "auto":
        return requested, f"{requested} was asked for."
    return fastest_dtype(processor_flags(), gpu_capability())


def fastest_dtype(flags: frozenset[str], capability: float | None) -> tuple[str, str]:
    """Choose for a machine with these processor flags and this GPU compute capability (`None`: no GPU)."""
    if capability is not None:
        return gpu_dtype(capability)
    for flag in BFLOAT16_FLAGS:
        if flag in flags:
            return "bfloat16", f"The processor has {flag}: it multiplies bfloat16 natively."
    return "float32", f"The processor has neither {' nor '.join(BFLOAT16_FLAGS)}, and there is no GPU."
