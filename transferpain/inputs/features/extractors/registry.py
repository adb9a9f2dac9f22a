"""The extractors that an experiment may name."""

from transferpain.core.registry import Registry
from transferpain.inputs.features.extractors.glcm import GLCM
from transferpain.inputs.features.extractors.hog import HOG
from transferpain.inputs.features.extractors.lbp import LBP
from transferpain.inputs.features.extractors.source import SOURCE

EXTRACTORS = Registry(
    "extractor",
    [
        SOURCE,
        GLCM,
        LBP,
        HOG,
    ],
)
