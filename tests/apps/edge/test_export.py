import json

import numpy as np
import pytest

from tests.apps.edge.small_fused import LABELS, save_small_fused, small_fused
from tests.apps.explain.small_models import SIZE, save_small_model
from tests.command_line import EXPERIMENTS
from tests.forked_program import forked
from tests.models.bundles.bundles import save_small
from transferpain.apps.edge.export import Conversion, ExportOptions, convert_apart, decision, export_model, follow
from transferpain.apps.edge.lite import load_lite
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.experiments.schema import load_experiment
from transferpain.models.bundles.bundle import save_bundle

RANDOM = np.random.default_rng(0)
LOSO = {"protocol": {"kind": "loso"}, "faces": {"detector": "mediapipe", "size": SIZE}}


def test_parts_follow_each_other():
    calls = {
        "encoder": lambda pixels: pixels.mean(axis=(1, 2)),
        "head": lambda image_embedding, landmarks: image_embedding[:, -1] + landmarks[:, 0],
    }
    window = RANDOM.random((3, 4, 4, 3))
    answered = follow(calls, (window, np.array([[1.0, 2.0, 9.0]])))
    assert answered["encoder"].shape == (3, 3)
    np.testing.assert_allclose(answered["head"], window[-1:].mean(axis=(1, 2)) + np.array([1.0, 2.0, 9.0]))
    assert decision(answered) == 2
    alone = follow({"encoder": lambda pixels: pixels[:, 0, 0]}, (window[:1] * [0, 1, 0], None))
    assert decision(alone) == 1


@pytest.mark.slow
def test_the_command(tmp_path):
    model = save_small_fused(tmp_path / "bundle")
    result = forked("export-edge", model, "--to", tmp_path / "out", "--kind", "dynamic", "--threads", 1)
    assert result.returncode == 0, result.stderr
    assert "SYNTHETIC" in result.stdout
    assert "drawn windows" in result.stdout
    facts = json.loads((tmp_path / "out" / "edge.json").read_text())
    assert facts["labels"] == list(LABELS)
    rows = {(row["part"], row["kind"]): row for row in facts["rows"]}
    assert set(rows) == {(part, kind) for part in ("encoder", "head") for kind in ("keras float32", "dynamic")}
    for part in ("encoder", "head"):
        row = rows[part, "dynamic"]
        assert (row["problem"], row["file"]) == ("", f"{part}-dynamic.tflite")
        assert row["megabytes"] == (tmp_path / "out" / row["file"]).stat().st_size / 1e6
        assert row["median_ms"] > 0
        assert 0 < row["difference"] < 0.5
        assert row["equal"] > 0.8
    assert rows["head", "keras float32"]["difference"] is None


@pytest.mark.slow
def test_a_head_may_be_of_another_kind(tmp_path):
    model = save_small_fused(tmp_path / "bundle")
    rows = export_model(str(model), tmp_path / "out", ExportOptions(("dynamic",), 1, head_kinds=("float32",))).rows
    assert [(row.part, row.file) for row in rows if row.file] == [
        ("encoder", "encoder-dynamic.tflite"),
        ("head", "head-float32.tflite"),
    ]
    assert rows[-1].difference < 1e-4


@pytest.mark.slow
def test_a_run_s_own_pictures_calibrate_and_compare(small_twin, tmp_path):
    experiment = load_experiment(EXPERIMENTS / "biovid-vgg16.yaml", LOSO)
    subject = "071309_w_21"
    save_small_model(tmp_path / "run", experiment, fold=subject)
    exported = export_model(
        str(tmp_path / "run"), tmp_path / "out", ExportOptions(("int8",), 1, per_class=3), Places(small_twin, tmp_path)
    )
    assert exported.calibrated_on == "6 drawn training pictures"
    assert exported.compared_on == "6 drawn tested pictures"
    keras, int8 = exported.rows
    assert keras.kind == "keras float32"
    assert int8.difference < 0.1
    content = (tmp_path / "out" / int8.file).read_bytes()
    said = load_lite(content, threads=1)(pixels=np.zeros((1, SIZE, SIZE, 3), np.float32))
    assert said.sum() == pytest.approx(1, abs=0.02)


@pytest.mark.slow
def test_a_converter_that_crashes_is_named_and_takes_nothing_with_it(tmp_path):
    model = small_fused(axis="points")  # 478 steps: too long to be unrolled
    preprocessing = {"size": SIZE, "scaling": "unit", "detector": "mediapipe"}
    save_bundle(tmp_path / "bundle", model, preprocessing, LABELS, {"synthetic": True})
    given = {"image_embedding": (2, 1, 256), "landmarks": (2, 1, 478, 3)}
    representative = {name: RANDOM.normal(size=shape).astype(np.float32) for name, shape in given.items()}
    np.savez(tmp_path / "head.npz", **representative)
    one = Conversion(str(tmp_path / "bundle"), "head", "int8", tmp_path / "head.npz", tmp_path / "head-int8.tflite")
    assert convert_apart(one) != ""
    assert not one.file.exists()


def test_what_cannot_be_asked_for_is_refused(tmp_path):
    with pytest.raises(UserError, match=r"no such kind[\s\S]*float16[\s\S]*Received: int4"):
        export_model(str(tmp_path), tmp_path / "out", ExportOptions(("int4",)))
    save_small(tmp_path / "head")
    with pytest.raises(UserError, match="not a network that can be converted"):
        export_model(str(tmp_path / "head"), tmp_path / "out", ExportOptions(("int8",)))
    assert not (tmp_path / "out").exists()
