"""What every method of the registry keeps to, whatever it computes."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import cv2
import keras
import numpy as np
import pandas as pd
import pytest

from tests.experiments.leakage.runs import noise, write_pictures
from tests.inputs.adaptation.tables import ORIGIN, faces_stage, small_table
from transferpain.data.protocols.fold import Fold
from transferpain.data.protocols.settings import ProtocolSettings
from transferpain.inputs.adaptation.base import AdaptationJob, FeatureAdaptation
from transferpain.inputs.adaptation.registry import ADAPTATIONS
from transferpain.inputs.features.cache import read_features, write_features
from transferpain.inputs.features.extract import extract_features
from transferpain.inputs.features.extractors.source import SourceExtractor
from transferpain.inputs.features.settings import FeatureSettings
from transferpain.models.sources.origin import Origin
from transferpain.models.sources.source import Source

CROSS = ProtocolSettings(kind="cross_dataset", test_dataset="ai4pain")
TESTED = np.arange(12, 18)
SETTINGS = FeatureSettings(dtype="float32", batch=2)


@dataclass(frozen=True)
class SmallNetwork(Origin):
    """A source of two normalised layers, which is built in a fraction of a backbone's time."""

    def load(self) -> Source:
        def drawn(seed: int) -> keras.initializers.Initializer:
            return keras.initializers.HeNormal(seed=seed)

        x = images = keras.Input((self.preprocessing.size, self.preprocessing.size, 3), name="images")
        for number in (1, 2):
            x = keras.layers.Conv2D(8, 3, 2, kernel_initializer=drawn(number), name=f"conv{number}")(x)
            x = keras.layers.Activation("relu")(keras.layers.BatchNormalization(name=f"conv{number}_bn")(x))
        x = keras.layers.GlobalAveragePooling2D(name="gap")(x)
        x = keras.layers.Dense(self.embedding_size, "relu", kernel_initializer=drawn(3), name="embedding")(x)
        return Source(self.name, keras.Model(images, keras.layers.Dense(2, "softmax")(x)), self.preprocessing)


SMALL = SmallNetwork(**vars(ORIGIN) | {"name": "small", "weights_hash": "small", "embedding_size": 16})


def faces_of(folder: Path, clips: pd.Series) -> pd.DataFrame:
    """Write pictures of faces, and return the faces stage's table of the clips."""
    stage = pd.concat([faces_stage(folder / "faces")] * 3, ignore_index=True)
    return stage.assign(clip=clips, key=[f"key{one}" for one in range(len(stage))])


class World:
    """A table of samples, the folds of a method, and what it adapts: features, or pictures of a small network."""

    def __init__(self, method: FeatureAdaptation, folder: Path, embedded: Callable[[], np.ndarray]):
        self.method, self.folder = method, folder
        self.samples = small_table(folder / "before").assign(split="train")
        self.samples.loc[TESTED, "split"] = "validation"
        self.samples.loc[12, "y"] = 0  # a second clip without pain, so that one is left to test
        self.samples["file_clip"] = self.samples["clip"]
        self.stage = faces_of(folder, self.samples["clip"])
        if method.name == "batch_norm":
            self.samples["features"] = embedded()
        folds = [Fold("test", np.arange(6), np.arange(6, 8), TESTED)]
        (self.fold,) = method.add_references(self.samples, folds, CROSS, 0)

    @property
    def learned(self) -> np.ndarray:
        return np.union1d(self.fold.train, self.fold.selection)

    @property
    def used(self) -> np.ndarray:
        return np.union1d(self.learned, self.fold.test)

    @property
    def seen(self) -> np.ndarray:
        return self.method.fitted_on(self.samples, self.fold)

    def adapt(self, cache: str = "") -> np.ndarray:
        """Return the feature file of each sample."""
        self.job = AdaptationJob(SMALL, self.stage, SETTINGS, self.folder / cache)
        return self.method.adapt(self.job, self.samples, [self.fold])["test"]

    def change(self, positions: np.ndarray) -> None:
        """Give samples other features, and other pictures."""
        for one in positions:
            features = self.folder / "other" / f"other{one}.npy"
            shape = read_features(Path(self.samples.loc[one, "features"])).shape
            write_features(features, (np.arange(np.prod(shape)).reshape(shape) % (5 + one)).astype(np.float16))
            faces = self.folder / "other" / f"{one}.parquet"
            picture = cv2.resize(noise(np.random.default_rng(100 + one)), (32, 32))
            write_pictures(faces, [picture, None, picture])
            self.samples.loc[one, "features"] = str(features)
            self.stage.loc[one, ["faces", "key"]] = str(faces), f"other{one}"


SLOW = ("batch_norm",)  # a network is run
OF_FEATURES = [name for name, method in ADAPTATIONS.items() if isinstance(method, FeatureAdaptation)]


@pytest.fixture(scope="module")
def embedded(tmp_path_factory) -> Callable[[], np.ndarray]:
    """The feature files of a world's pictures, which the small network embeds once for all tests; none changes them."""

    @cache
    def embed() -> np.ndarray:
        folder = tmp_path_factory.mktemp("embedded")
        stage = faces_of(folder, small_table(folder / "before")["clip"])
        return extract_features(SourceExtractor(SMALL), stage, SETTINGS, folder)["features"].to_numpy()

    return embed


@pytest.fixture(params=[pytest.param(name, marks=[pytest.mark.slow] * (name in SLOW)) for name in OF_FEATURES])
def world(request, tmp_path, embedded) -> World:
    return World(ADAPTATIONS[request.param], tmp_path, embedded)


def contents(files: np.ndarray) -> list[bytes]:
    return [read_features(Path(file)).tobytes() for file in files]


def test_what_is_used_is_adapted_and_finite_and_a_frame_without_a_face_stays_one(world):
    before, after = world.samples["features"], world.adapt()
    assert set(np.flatnonzero(after != "")) == set(world.used)
    for one in world.used:
        adapted, as_it_was = (read_features(Path(files[one])) for files in (after, before))
        assert (adapted.shape, adapted.dtype) == (as_it_was.shape, np.float16)
        np.testing.assert_array_equal(np.isfinite(adapted), np.isfinite(as_it_was))
    assert list(after[world.used]) != list(before[world.used])


def test_twice_the_same_bits(world):
    first, second = world.adapt("first"), world.adapt("second")
    assert set(first).isdisjoint(set(second) - {""} - set(world.samples["features"]))
    assert contents(first[world.used]) == contents(second[world.used])


def test_a_second_time_nothing_is_computed(world):
    before = world.adapt()
    written = {path: path.stat().st_mtime_ns for path in world.folder.rglob("*.npy*")}
    assert list(world.adapt()) == list(before)
    assert {path: path.stat().st_mtime_ns for path in world.folder.rglob("*.npy*")} == written


def test_neither_a_tested_label_nor_a_tested_clip_changes_what_a_head_learns_from(world):
    before = world.adapt()[world.learned]
    world.samples.loc[world.fold.test, "y"] = 1 - world.samples.loc[world.fold.test, "y"]
    world.change(TESTED)
    assert list(world.adapt()[world.learned]) == list(before)


def test_no_label_of_a_tested_clip_changes_its_features(world):
    before = world.adapt()
    world.samples.loc[world.fold.test, "y"] = pd.NA
    assert list(world.adapt()) == list(before)


def test_only_what_it_says_it_is_fitted_on_changes_what_others_become(world):
    before = world.adapt()
    others = np.setdiff1d(np.arange(len(world.samples)), world.seen)
    unseen = others[::2]
    world.change(unseen)
    rest = np.setdiff1d(world.used, unseen)
    assert list(world.adapt()[rest]) == list(before[rest])


def test_what_it_says_it_is_fitted_on_does_change_what_others_become(world):
    before = world.adapt()
    (one, *_) = np.intersect1d(world.seen, world.fold.reference) if len(world.fold.reference) else world.seen
    world.change([one])
    rest = np.setdiff1d(world.used, [one])
    assert list(world.adapt()[rest]) != list(before[rest])


def test_only_a_method_that_is_declared_transductive_is_fitted_on_tested_clips(world):
    assert bool(np.isin(world.fold.test, world.seen).any()) == world.method.transductive
    assert np.array_equal(world.seen, np.unique(world.seen))


def test_it_enters_what_it_has_read_also_where_the_cache_holds_the_result(world):
    for _ in range(2):
        world.adapt()
        np.testing.assert_array_equal(world.job.seen["test"], world.seen)


def test_its_features_are_of_clips_that_it_asked_for(world):
    needed = world.method.needed_clips(world.samples, [world.fold])
    assert set(world.samples["file_clip"].iloc[world.used]) <= set(needed)
    not_needed = ~world.samples["file_clip"].isin(needed)
    before = world.adapt()
    world.samples.loc[not_needed, "features"] = ""
    assert list(world.adapt()) == list(before)


@pytest.mark.parametrize("method", ADAPTATIONS.values(), ids=ADAPTATIONS)
def test_it_says_what_it_is(method):
    assert all((method.sees, method.paper, method.condition, method.describe(CROSS)))
    assert bool(method.features) == (method.name in OF_FEATURES)
    method.check(CROSS)
    with pytest.raises(ValueError, match=f"`{method.name}` goes by subject"):
        method.check(ProtocolSettings(kind="random_frames", allow_leakage=True))


@pytest.mark.parametrize("method", ADAPTATIONS.values(), ids=ADAPTATIONS)
def test_folds_keep_what_they_learn_from(method):
    samples = pd.DataFrame(
        {
            "dataset": ["biovid"] * 4 + ["ai4pain"] * 6,
            "subject": list("aabbccddee"),
            "clip": list("0123456789"),
            "split": [""] * 4 + ["train"] * 2 + ["validation"] * 4,
            "y": pd.array([0, 1] * 2 + [0, 1] + [0, 0] * 2, dtype="Int64"),
            "row": -1,
        }
    )
    fold = Fold("test", np.arange(2), np.arange(2, 4), np.arange(6, 10))
    (after,) = method.add_references(samples, [fold], CROSS, 0)
    for part in ("train", "selection"):
        assert np.array_equal(getattr(after, part), getattr(fold, part))
    assert np.array_equal(np.union1d(after.test, np.intersect1d(after.reference, fold.test)), fold.test)
    assert not np.intersect1d(after.reference, np.concatenate([after.train, after.selection, after.test])).size
    seen = method.fitted_on(samples, after)
    assert bool(np.isin(after.test, seen).any()) == method.transductive
    assert np.array_equal(seen, np.unique(seen))
