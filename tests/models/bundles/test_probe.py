import io

import keras
import numpy as np
import pytest

from tests.models.bundles.bundles import change_members, save_small, small_model, vouch_again
from tests.models.bundles.complete import PREPROCESSING, save_complete
from transferpain.core.errors import UserError
from transferpain.models.bundles.bundle import read_bundle, save_bundle
from transferpain.models.bundles.manifest import load_manifest, read_contents
from transferpain.models.bundles.probe import PROBE, drawn_faces, make_probe, other_versions, read_probe, reproduce
from transferpain.networks.backbones.vgg16 import build_vgg16_gap
from transferpain.networks.heads.lstm import build_lstm
from transferpain.strategies.fused.network import build_fusion
from transferpain.strategies.fused.settings import FusionSettings


def save_with_probe(folder, model):
    save_bundle(folder, model, PREPROCESSING, ("a", "b"), {"synthetic": True})
    (folder / PROBE).write_bytes(make_probe(read_bundle(folder).model))
    vouch_again(folder)
    return folder


def fused(how: str) -> keras.Model:
    return build_fusion(build_vgg16_gap(32, 2), FusionSettings(frames=2, fusion=how), 2, seed=0)


@pytest.mark.parametrize(
    "build",
    [
        pytest.param(lambda: build_vgg16_gap(32, 2, embedding=64), marks=pytest.mark.slow),
        lambda: build_lstm(20, 64, 2, 0, masked=True),
        small_model,
        pytest.param(lambda: fused("dense"), marks=pytest.mark.slow),
        pytest.param(lambda: fused("bilstm"), marks=pytest.mark.slow),
    ],
    ids=["vgg16", "lstm", "head", "fused", "fused in order"],
)
def test_a_bundle_gives_the_same_numbers_again(build, tmp_path):
    lines = reproduce(save_with_probe(tmp_path / "model", build()))
    assert [line.dtype for line in lines] == ["float32", "bfloat16"]
    assert all(line.agrees for line in lines)
    exact, coarse = (line.difference for line in lines)
    assert exact < 1e-6  # the very same machine
    assert coarse > 0  # bfloat16 really computed


def test_image_models_are_shown_three_different_drawn_faces():
    faces = drawn_faces(48)
    assert faces.shape == (3, 48, 48, 3)
    assert faces.dtype == np.uint8
    assert faces.std() > 20
    assert len({face.tobytes() for face in faces}) == 3


def test_a_probe_of_landmarks_does_not_fit_a_model_without(tmp_path):
    folder = save_with_probe(tmp_path / "model", small_model())
    (inputs,), outputs = read_probe(read_contents(folder))
    write_probe(folder, inputs=inputs, landmarks=inputs, outputs=outputs)
    with pytest.raises(UserError, match="does not fit its model"):
        reproduce(folder)


def test_the_same_model_gives_the_same_probe():
    assert make_probe(small_model()) == make_probe(small_model())


def test_another_answer_does_not_agree(tmp_path):
    folder = save_with_probe(tmp_path / "model", small_model())
    (inputs,), outputs = read_probe(read_contents(folder))
    write_probe(folder, inputs=inputs, outputs=outputs + np.float32(0.001))
    exact, coarse = reproduce(folder)
    assert not exact.agrees
    assert exact.difference == pytest.approx(0.001, rel=1e-3)
    assert coarse.agrees


def write_probe(folder, **arrays) -> None:
    """Replace a bundle's probe, and vouch for it."""
    np.savez(folder / PROBE, **arrays)
    vouch_again(folder)


NUMBERS = np.zeros((3, 4), np.float32)


@pytest.mark.parametrize(
    ("inputs", "outputs"),
    [
        (np.zeros((3, 5), np.float32), np.zeros((3, 2))),
        (NUMBERS, np.zeros((2, 2))),
        (NUMBERS, np.full((3, 2), np.nan)),
    ],
    ids=["inputs", "outputs", "not finite"],
)
def test_a_probe_that_does_not_fit_is_refused(inputs, outputs, tmp_path):
    folder = save_with_probe(tmp_path / "model", small_model())
    write_probe(folder, inputs=inputs, outputs=outputs)
    with pytest.raises(UserError, match="does not fit its model"):
        reproduce(folder)


class Evil:
    def __reduce__(self):
        return print, ("code runs",)


@pytest.mark.parametrize(
    "arrays",
    [
        {"inputs": np.array([Evil()], dtype=object), "outputs": NUMBERS},
        {"inputs": NUMBERS.astype(str), "outputs": NUMBERS},
        {"inputs": NUMBERS},
        {"inputs": NUMBERS, "outputs": NUMBERS, "more": NUMBERS},
        {"inputs": NUMBERS, "outputs": NUMBERS, "landmarks": NUMBERS.astype(str)},
        {"inputs": np.float32(1), "outputs": NUMBERS},
        {"inputs": NUMBERS, "outputs": np.float32(1)},
        {"inputs": NUMBERS[:0], "outputs": NUMBERS[:0]},
        {"inputs": NUMBERS[:, :0], "outputs": NUMBERS},
        {"inputs": np.zeros((3, 4), [("a", np.float32)]), "outputs": NUMBERS},
        {"inputs": NUMBERS.astype(np.complex64), "outputs": NUMBERS},
        {"inputs": np.zeros((1000, 4), np.float32), "outputs": np.zeros((1000, 2))},
    ],
    ids=[
        *("pickle", "text", "missing", "more", "text as landmarks", "no axis", "no axis of outputs", "empty"),
        *("no features", "fields", "complex", "many rows"),
    ],
)
def test_a_probe_of_anything_but_these_arrays_is_refused(arrays, tmp_path, capfd):
    folder = save_with_probe(tmp_path / "model", small_model())
    write_probe(folder, **arrays)
    with pytest.raises(UserError, match="is refused"):
        read_probe(read_contents(folder))
    assert "code runs" not in capfd.readouterr().out


def test_an_array_that_claims_to_be_huge_is_refused(tmp_path):
    folder = save_with_probe(tmp_path / "model", small_model())
    buffer = io.BytesIO()
    np.lib.format.write_array_header_1_0(buffer, {"descr": "<f4", "fortran_order": False, "shape": (1 << 40,)})
    change_members(folder / PROBE, lambda members: members.update({"inputs.npy": buffer.getvalue()}))
    vouch_again(folder)
    with pytest.raises(UserError, match="is refused"):
        read_probe(read_contents(folder))


def test_pictures_are_not_shown_without_their_preprocessing(tmp_path):
    images = keras.Input((32, 32, 3), name="images")
    mean = keras.layers.GlobalAveragePooling2D(name="gap")(images)
    model = keras.Model(images, keras.layers.Dense(2, "softmax", name="logits")(mean))
    folder = save_with_probe(tmp_path / "model", model)
    (folder / "preprocess.json").write_text('{"size": 32, "scaling": "unknown"}')
    vouch_again(folder)
    with pytest.raises(UserError, match="takes other pictures than are stated"):
        reproduce(folder)


def test_other_versions_are_named(tmp_path):
    manifest = load_manifest(save_complete(tmp_path / "model"))
    assert other_versions(manifest) == []
    manifest["versions"]["keras"] = "3.0.0"
    assert other_versions(manifest) == [f"keras {keras.__version__} runs here, the model was saved with 3.0.0"]


def test_a_bundle_without_a_probe_cannot_be_run_again(tmp_path):
    with pytest.raises(UserError, match=r"no probe\.npz"):
        reproduce(save_small(tmp_path / "model"))
