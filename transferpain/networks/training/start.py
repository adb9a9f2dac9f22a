"""TensorFlow is started once, where the first thing is trained: what is finished answers without it."""

from functools import cache

from transferpain.core.quiet import import_tensorflow


@cache
def start_tensorflow() -> None:
    """Import TensorFlow without its messages, and let it use deterministic operations only."""
    import_tensorflow()
    from transferpain.networks.training.determinism import make_deterministic

    make_deterministic()
