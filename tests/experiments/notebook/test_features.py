import numpy as np
import pytest

from tests.experiments.notebook.made import WIDTH, made_features, made_samples
from tests.small_study import tiny, write_small_study
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.experiments.notebook.clips import load_dataset
from transferpain.experiments.notebook.features import extract
from transferpain.experiments.notebook.samples import label
from transferpain.experiments.runner import extract_only
from transferpain.inputs.features.extractors.source import SourceExtractor
from transferpain.models.bundles.manifest import MANIFEST


def test_means_are_over_frames_with_a_face_and_rows_stay_aligned(tmp_path):
    samples = made_samples(2)
    features = made_features(tmp_path, samples, faceless=(3,))
    means = features.mean()
    assert (means.shape, means.dtype) == ((8, WIDTH), np.float32)
    assert np.isnan(means[3]).all()
    assert np.isfinite(np.delete(means, 3, axis=0)).all()
    np.testing.assert_allclose(means[0], features["s0-0"][:2].astype(np.float32).mean(axis=0))
    np.testing.assert_allclose(features.coverage, [2 / 3, 2 / 3, 2 / 3, 0, 2 / 3, 2 / 3, 2 / 3, 2 / 3])


def test_of_a_long_clip_the_stretch_alone_is_read(tmp_path):
    samples = made_samples(1)
    whole, stretch = (
        made_features(tmp_path / name, samples, rows=rows) for name, rows in (("a", None), ("b", [1, -1, -1, -1]))
    )
    np.testing.assert_array_equal(stretch["s0-0"], whole["s0-0"][:1])
    np.testing.assert_array_equal(stretch["s0-1"], whole["s0-1"])
    np.testing.assert_allclose(stretch.mean()[0], whole["s0-0"][0].astype(np.float32))


def test_the_frames_of_a_clip_are_read_only(tmp_path):
    frames = made_features(tmp_path, made_samples(1))["s0-1"]
    assert (frames.shape, frames.dtype) == ((3, WIDTH), np.float16)
    assert not frames.flags.writeable


def test_a_clip_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(UserError, match="no features of this clip"):
        made_features(tmp_path, made_samples(1))["s9-0"]


@pytest.mark.slow
def test_what_an_experiment_computed_is_found_and_not_computed_again(small_twin, tmp_path, monkeypatch):
    study = write_small_study(tmp_path / "experiments")
    experiment = tiny(study.parent, features={"fps": 10}, window={"seconds": 0.5})
    computed = extract_only(experiment, study, Places(small_twin, tmp_path))

    def refuse(extractor, dtype):
        raise AssertionError("a network was loaded")

    monkeypatch.setattr(SourceExtractor, "open", refuse)
    samples = label(load_dataset("ai4pain", small_twin, tmp_path), experiment.task)
    samples = samples.select(samples["clip"].isin(computed["clip"]))  # the protocol leaves out one of the folders
    arguments = {"backbone": experiment.backbone, "faces": {"size": 32}, "workspace": tmp_path}
    arguments["window"] = {"seconds": 0.5}
    features = extract(samples, "untrained", **arguments, fps=10)
    files = computed.set_index("clip")["features"]
    assert features.files.tolist() == files.loc[samples["clip"]].tolist()
    assert features.synthetic
    with pytest.raises(AssertionError, match="a network was loaded"):
        extract(samples, "untrained", **arguments, fps=5)


@pytest.mark.parametrize(
    ("source", "settings", "what"),
    [
        ("weights/none", {}, "no source of features"),
        ("untrained", {"fsp": 10}, "Did you mean `fps`"),
        ("untrained", {"fps": 10, "frames": 3}, "goes without fps"),
        ("untrained", {"backbone": "vgg17"}, "This backbone is unknown"),
        ("untrained", {"faces": {"detector": "eyes"}}, "`detector`"),
        ("untrained", {"window": {"secs": 2}}, "`seconds`"),
    ],
)
def test_what_cannot_be_used_is_refused_before_anything_is_computed(source, settings, what):
    with pytest.raises(UserError, match=what):
        extract(made_samples(1), source, **settings)


def test_a_bundle_reads_faces_of_its_own_size(tmp_path):
    with pytest.raises(UserError, match="reads faces of 96x96"):
        extract(made_samples(1), "weights/ferplus-resnet18", faces={"size": 64}, workspace=tmp_path)


def test_a_folder_whose_manifest_is_damaged_is_refused(tmp_path):
    (tmp_path / MANIFEST).write_text("{}")
    with pytest.raises(UserError, match=MANIFEST.removesuffix(".json")):
        extract(made_samples(1), tmp_path)


def test_a_bare_table_is_refused():
    with pytest.raises(UserError, match="takes what `label` returns"):
        extract(made_samples(1).table, "untrained")
