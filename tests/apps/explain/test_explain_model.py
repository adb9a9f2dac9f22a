import json

import numpy as np
import pandas as pd
import pytest
import yaml
from sklearn.linear_model import LogisticRegression

from tests.apps.edge.small_fused import save_small_fused
from tests.apps.explain.small_models import SIZE, save_small_model
from tests.apps.live.live_models import save_live_model
from tests.command_line import EXPERIMENTS
from tests.forked_program import forked
from tests.models.bundles.bundles import save_small
from transferpain.apps.explain.explain_model import Asked, Explanation, explain_model, read_explained
from transferpain.apps.explain.shares import AREAS, PLACES, SIMILARITY, class_shares
from transferpain.core.errors import UserError
from transferpain.data.places import Places
from transferpain.experiments.schema import load_experiment
from transferpain.models.bundles.bundle import extend_bundle
from transferpain.models.bundles.sklearn_part import save_part

LOSO = {"protocol": {"kind": "loso"}, "faces": {"detector": "mediapipe", "size": SIZE}}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    return tmp_path_factory.mktemp("workspace")


@pytest.fixture(scope="module")
def run(workspace):
    experiment = load_experiment(EXPERIMENTS / "biovid-vgg16.yaml", LOSO)
    save_small_model(workspace / "runs" / "small", experiment)
    return workspace / "runs" / "small"


@pytest.mark.slow
def test_the_command(small_twin, workspace, run):
    result = forked("explain", run, "--data-root", small_twin, "--workspace", workspace, "--pictures", 4)
    assert result.returncode == 0, result.stderr
    assert "SYNTHETIC" in result.stdout
    assert "block5_conv3" in result.stdout
    assert "Rank correlation with the maps of random weights" in result.stdout
    folder = workspace / "reports" / "explain-small"
    assert sorted(path.name for path in folder.iterdir()) == ["classes.csv", "facts.json", "maps.png", "pictures.csv"]
    classes, pictures = (pd.read_csv(folder / f"{name}.csv") for name in ("classes", "pictures"))
    assert len(classes) == 2
    assert classes["pictures"].sum() == len(pictures) == 8
    shares = pictures[["brow", "eye", "nose", "mouth", "elsewhere"]].dropna()
    assert len(shares)
    assert shares.sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-4)
    assert pictures["synthetic"].all()
    facts = json.loads((folder / "facts.json").read_text())
    assert (facts["layer"], facts["synthetic"]) == ("block5_conv3", True)


@pytest.mark.slow
def test_another_layer_and_faces_where_asked_for(small_twin, workspace, run, tmp_path):
    asked = Asked(layer="block1_conv1", per_class=2, with_faces=True)
    found = explain_model(str(run / "model"), asked, Places(small_twin, workspace), tmp_path / "out")
    assert found.layer == "block1_conv1"
    assert (tmp_path / "out" / "faces.png").stat().st_size > 1000
    with pytest.raises(UserError, match=r"cannot show the layer gap[\s\S]*block5_conv3"):
        explain_model(str(run), Asked(layer="gap", per_class=2), Places(small_twin, workspace), tmp_path / "out")


@pytest.mark.slow
def test_a_fused_network_is_explained_with_the_landmarks_of_the_clip(small_twin, workspace, tmp_path):
    changes = LOSO | {"source": "untrained", "task": "biovid-bl1-pa4", "fusion": {"frames": 3}}
    experiment = load_experiment(EXPERIMENTS / "multimodal-fusion.yaml", changes)
    text = yaml.safe_dump(experiment.resolved(), sort_keys=False)
    extend_bundle(save_small_fused(tmp_path / "fold"), tmp_path / "model", {"experiment.yaml": text.encode()}, {})
    found = explain_model(str(tmp_path), Asked(per_class=3), Places(small_twin, workspace), tmp_path / "out")
    assert len(found.pictures) == 6
    assert found.layer == "scale"  # block5_conv3, weighted by squeeze-and-excitation
    assert found.pictures[[*PLACES]].dropna().sum(axis=1).to_numpy() == pytest.approx(1, abs=1e-4)


@pytest.mark.slow
def test_a_network_that_reads_several_pictures_is_refused(tmp_path):
    with pytest.raises(UserError, match="3 pictures at once"):
        explain_model(str(save_small_fused(tmp_path / "b", "bilstm")), Asked(), Places(tmp_path, tmp_path))


def test_of_a_network_with_classifiers_beside_it_they_are_named(tmp_path, capsys):
    folder = save_live_model(tmp_path / "bundle")
    save_part(LogisticRegression().fit(np.eye(8), [0, 1] * 4), folder, "adaboost")
    assert read_explained(str(folder)).folder == folder
    assert "parts/adaboost.skops. Here its network answers alone" in capsys.readouterr().err


def test_the_table_stands_under_its_columns(tmp_path):
    shares = dict(zip(PLACES, (0.4, 0.3, 0.2, 0.1, 0.0), strict=True))
    areas = dict(zip(AREAS, (0.1, 0.1, 0.1, 0.2, 0.5), strict=True))
    pictures = pd.DataFrame([{"answered": "pain", SIMILARITY: 0.75, **shares, **areas}])
    found = Explanation(tmp_path, "maps", pictures, class_shares(pictures, ("none", "pain")), synthetic=False)
    none, pain, area = (dict(zip(found.columns, row, strict=True)) for row in found.rows)
    assert pain == {"answered": "pain", "pictures": "1", "used": "1", "brow": "40%", "eye": "30%", "nose": "20%",
                    "mouth": "10%", "elsewhere": "0%"}  # fmt: skip
    assert set(none.values()) == {"none", "0", "-"}
    assert (area["brow"], area["mouth"], area["elsewhere"]) == ("10%", "20%", "50%")
    assert found.similarity == 0.75
    assert "read nothing from them" in found.check


def test_a_head_on_features_is_refused(tmp_path):
    save_small(tmp_path / "bundle")
    with pytest.raises(UserError, match="not a network that can be explained"):
        explain_model(str(tmp_path / "bundle"), Asked(), Places(tmp_path, tmp_path))
