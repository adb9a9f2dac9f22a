import shutil

import pytest

from tests.apps.edge.small_fused import save_small_fused
from tests.apps.live.live_models import LABELS, SIZE, save_live_model
from tests.models.bundles.bundles import save_small
from transferpain.core.errors import UserError
from transferpain.models.bundles.manifest import manifest_hash
from transferpain.models.sources.picture_model import model_folder, read_picture_model


def test_a_bundle_and_the_run_it_is_in_are_the_same_model(tmp_path):
    bundle = save_live_model(tmp_path / "run" / "model")
    assert model_folder(str(tmp_path / "run")) == bundle == model_folder(str(bundle))
    pinned = f"{tmp_path / 'run'}#sha256={manifest_hash(bundle)}"
    model = read_picture_model(pinned, "a model")
    assert (model.folder, model.bundle.labels, model.preprocessing.size) == (bundle, LABELS, SIZE)
    with pytest.raises(UserError, match="another bundle"):
        read_picture_model(f"{bundle}#sha256={'0' * 64}", "a model")


@pytest.mark.slow
def test_pictures_and_landmarks_only_where_that_is_wanted(tmp_path):
    save_small_fused(tmp_path / "fused")
    fused = str(tmp_path / "fused")
    assert len(read_picture_model(fused, "a model", landmarks=True).bundle.model.inputs) == 2
    with pytest.raises(UserError, match=r"is not a live model[\s\S]*\(3, 1434\)"):
        read_picture_model(fused, "a live model")


def test_a_head_on_features_and_an_empty_folder_are_refused(tmp_path):
    save_small(tmp_path / "head")
    with pytest.raises(UserError, match=r"is not a model for this[\s\S]*reads \(4,\)"):
        read_picture_model(str(tmp_path / "head"), "a model for this", landmarks=True)
    shutil.rmtree(tmp_path / "head")
    with pytest.raises(UserError, match="manifest"):
        read_picture_model(str(tmp_path), "a model")
