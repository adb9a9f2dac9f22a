"""What holds for every extractor of faces, and for one that is no network."""

from pathlib import Path
from typing import get_args, get_type_hints

import numpy as np
import pytest

from tests.inputs.features.extractors.pixel_statistics import PIXEL_STATISTICS
from tests.inputs.features.small_source import SETTINGS, SIZE, SmallSource, make_faces
from transferpain.core.registry import Registry
from transferpain.core.store import is_intact
from transferpain.inputs.features.cache import read_features
from transferpain.inputs.features.extract import extract_features
from transferpain.inputs.features.extractors.extractor import Extractor, ExtractorKind
from transferpain.inputs.features.extractors.registry import EXTRACTORS

ALL = Registry("extractor", [*EXTRACTORS.values(), PIXEL_STATISTICS])
IMAGES = np.random.default_rng(0).integers(0, 256, (6, SIZE, SIZE, 3)).astype(np.uint8)


def make(kind: ExtractorKind) -> Extractor:
    """Return the extractor with the settings that it has by itself."""
    return kind.make(SmallSource() if kind.reads_source else None, kind.Settings and kind.Settings())


@pytest.fixture(params=ALL)
def extractor(request) -> Extractor:
    return make(ALL[request.param])


def test_it_states_what_it_is(extractor):
    assert extractor.reads in get_args(get_type_hints(Extractor)["reads"])
    assert isinstance(extractor.key, tuple)
    assert all(isinstance(part, str) and part for part in extractor.key)


def test_its_settings_name_it_and_each_changes_its_key():
    for name, kind in ALL.items():
        assert (kind.rate is None) == kind.reads_source
        if kind.Settings is None:
            continue
        settings = kind.Settings()
        assert settings.kind == name
        assert settings.smallest_face <= SIZE
        chosen = settings.model_dump(exclude={"kind"})
        changed = {key: value + 1 if isinstance(value, int) else value[:-1] for key, value in chosen.items()}
        others = [settings.model_copy(update={key: value}) for key, value in changed.items()]
        keys = {kind.make(None, one).key for one in [settings, *others]}
        assert len(keys) == 1 + len(others)


def test_no_two_extractors_share_a_key():
    keys = [make(kind).key for kind in ALL.values()]
    assert len(set(keys)) == len(keys)


def test_features_are_finite_and_as_wide_as_stated(extractor):
    features = extractor.open("float32")(IMAGES)
    assert features.shape == (len(IMAGES), extractor.width)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()
    assert np.ptp(features, axis=0).max() > 0


def test_the_rows_of_a_batch_are_not_mixed(extractor):
    compute = extractor.open("float32")
    whole = compute(IMAGES)
    order = np.array([3, 0, 5, 1, 4, 2])
    np.testing.assert_allclose(compute(IMAGES[order]), whole[order], rtol=1e-5, atol=1e-6)
    others = IMAGES.copy()
    others[1:] = 255 - others[1:]
    np.testing.assert_allclose(compute(others)[0], whole[0], rtol=1e-5, atol=1e-6)


def test_the_same_bits_come_twice(extractor):
    one, other = extractor.open("float32"), extractor.open("float32")
    assert one(IMAGES).tobytes() == one(IMAGES).tobytes() == other(IMAGES).tobytes()


def test_its_features_are_cached_and_come_back_in_their_rows(extractor, tmp_path):
    clips = {"short": "xx", "gaps": ".xx.x", "nobody": "..."}
    faces = make_faces(tmp_path, clips)
    table = extract_features(extractor, faces, SETTINGS, tmp_path)
    for frames, path in zip(clips.values(), table["features"], strict=True):
        features = read_features(path)
        assert features.shape == (len(frames), extractor.width)
        assert np.isfinite(features).all(axis=1).tolist() == [frame == "x" for frame in frames]


def test_one_that_is_no_network_has_the_same_guarantees(tmp_path, capfd):
    extractor = PIXEL_STATISTICS.make(None, None)
    faces = make_faces(tmp_path, {"one": "x" * 9, "two": "x.x"})
    whole = extract_features(extractor, faces, SETTINGS, tmp_path / "whole")
    extract_features(extractor, faces.iloc[:1], SETTINGS, tmp_path / "part")
    parts = extract_features(extractor, faces, SETTINGS, tmp_path / "part")
    for one, other in zip(whole["features"], parts["features"], strict=True):
        assert is_intact(Path(one))
        assert Path(one).read_bytes() == Path(other).read_bytes()
    assert len(extractor.opened) == 3
    extract_features(extractor, faces, SETTINGS, tmp_path / "part")
    assert len(extractor.opened) == 3
    damaged = Path(parts["features"][0])
    damaged.write_bytes(damaged.read_bytes()[:-4])
    extract_features(extractor, faces, SETTINGS, tmp_path / "part")
    assert "features of clip one are damaged" in capfd.readouterr().err
    assert damaged.read_bytes() == Path(whole["features"][0]).read_bytes()
