import numpy as np
import pytest

from tests.apps.serve.drawn import draw_person
from tests.apps.serve.image_bundles import PREPROCESSING, save_network, small_network
from tests.models.bundles.bundles import save_small
from transferpain.apps.serve.answers import DRAWN, RESEARCH
from transferpain.apps.serve.face_finding import Look
from transferpain.apps.serve.pain_network import compile_network, read_pain_network, service_facts
from transferpain.core.errors import UserError

WALL = np.full((240, 320, 3), 90, np.uint8)

pytestmark = pytest.mark.slow


def test_only_faces_that_were_found_are_cut_out(tmp_path):
    bundle, crops = read_pain_network(save_network(tmp_path / "bundle"))
    looks, faces = crops.take([WALL, draw_person()])
    assert [isinstance(look, Look) for look in looks] == [False, True]
    assert faces.shape == (1, PREPROCESSING.size, PREPROCESSING.size, 3)
    assert crops.take([WALL])[1].shape == (0, PREPROCESSING.size, PREPROCESSING.size, 3)
    facts = service_facts(bundle, tmp_path / "bundle", "cnn", [])
    assert (facts.bundle, facts.synthetic, facts.main) == ("small", True, "cnn")
    assert facts.notices == [RESEARCH, DRAWN]
    both = service_facts(bundle, tmp_path / "bundle", "cnn", [], faces=("3DPain, synthetic faces",)).notices
    assert both[1] == "trained on drawn faces and 3DPain, synthetic faces: verdict not valid for people"


def test_other_bundles_are_refused(tmp_path):
    with pytest.raises(UserError, match="reads no pictures"):
        read_pain_network(save_small(tmp_path / "head"))
    with pytest.raises(UserError, match=r"(?s)tell pain from no pain.*neutral, happiness"):
        read_pain_network(save_network(tmp_path / "emotions", ("neutral", "happiness")))
    with pytest.raises(UserError, match="not a bundle"):
        read_pain_network(tmp_path)


def test_a_network_whose_answers_are_no_numbers_is_refused(tmp_path):
    network = small_network()
    compile_network(network, tmp_path)
    network.get_layer("logits").set_weights([np.full((8, 2), np.nan), np.zeros(2)])
    with pytest.raises(UserError, match="does not answer to a face"):
        compile_network(network, tmp_path)
