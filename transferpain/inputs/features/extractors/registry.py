"""The extractors that an experiment may name."""

from transferpain.core.registry import Registry
from transferpain.inputs.features.extractors.source import SOURCE

EXTRACTORS = Registry(
    "extractor",
    [
        SOURCE,
    ],
)
