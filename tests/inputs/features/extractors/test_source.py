import numpy as np
import pytest

from tests.forked_program import heavy_modules
from tests.inputs.features.small_source import SIZE, SmallPreprocessing, SmallSource
from transferpain.core.errors import UserError
from transferpain.inputs.features.cache import feature_key
from transferpain.inputs.features.extractors.source import SourceExtractor


def test_a_sources_features_keep_the_key_under_which_they_are_cached():
    # Else everybody's cache is computed again.
    source = SmallSource(weights_hash="w", preprocessing=SmallPreprocessing("p"))
    assert feature_key(SourceExtractor(source).key, "f", None, "float32") == "f532d5f6ebb03093"


def test_it_computes_what_the_network_does():
    images = np.random.default_rng(1).integers(0, 256, (4, SIZE, SIZE, 3)).astype(np.uint8)
    source = SmallSource()
    by_hand = source.load_embedder("float32").predict(images.astype(np.float32), verbose=0)
    np.testing.assert_allclose(SourceExtractor(source).open("float32")(images), by_hand, rtol=1e-5, atol=1e-6)


def test_pictures_of_another_size_are_refused():
    compute = SourceExtractor(SmallSource()).open("float32")
    with pytest.raises(UserError, match=r"16x16 pixels(.|\n)*24x24 pixels"):
        compute(np.zeros((2, 24, 24, 3), np.uint8))


def test_the_registry_loads_no_heavy_library():
    heavy = {"tensorflow", "keras", "sklearn", "scipy", "matplotlib", "torch", "cv2"}
    assert heavy_modules("import transferpain.inputs.features.settings", heavy) == set()
