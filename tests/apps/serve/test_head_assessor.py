"""The server over a head on features and its source."""

import numpy as np
import pytest
import yaml
from sklearn.linear_model import LogisticRegression

from tests.apps.serve.drawn import PAIN, draw_person
from tests.networks.heads.windows import SMALL
from tests.strategies.frozen.frozen_clips import experiment
from transferpain.apps.serve.answers import DRAWN, RESEARCH
from transferpain.apps.serve.choose_assessor import load_assessor
from transferpain.apps.serve.head_assessor import MEANS, HeadAssessor
from transferpain.apps.serve.refusals import Refusal
from transferpain.core.errors import UserError
from transferpain.models.bundles.bundle import extend_bundle, save_bundle
from transferpain.models.bundles.sklearn_bundle import save_head
from transferpain.models.sources.preprocessing import Preprocessing
from transferpain.networks.heads.ann import build_ann

SIZE, WIDTH = 32, 1024
WALL = np.full((240, 320, 3), 90, np.uint8)

pytestmark = pytest.mark.slow


def save(folder, kind: str, labels=("no pain", "pain")):
    facts = {"reads": "features", "start": "untrained", "backbone": "resnet18", "parents": [], "synthetic": True}
    preprocessing = Preprocessing(size=SIZE).model_dump()
    if kind == "logistic_regression":
        rows = np.random.default_rng(0).random((8, WIDTH))
        save_head(folder / "fold", LogisticRegression().fit(rows, [0, 1] * 4), preprocessing, labels, facts)
    else:
        head = build_ann(WIDTH, 2, 0, (8,)) if kind == "ann" else SMALL[kind](4, WIDTH, 2, 0)
        save_bundle(folder / "fold", head, preprocessing, labels, facts)
    values = experiment(head={"kind": kind}, features={"fps": 4, "dtype": "float32"}).resolved()
    extend_bundle(folder / "fold", folder / "head", {"experiment.yaml": yaml.safe_dump(values).encode()}, {})
    return folder / "head"


@pytest.mark.parametrize(("kind", "notices"), [("ann", []), ("logistic_regression", [MEANS])])
def test_a_picture_is_answered_as_the_head_answers_to_its_face(tmp_path, kind, notices):
    assessor = load_assessor(save(tmp_path, kind))
    assert isinstance(assessor, HeadAssessor)
    people = [draw_person(0), draw_person(1, PAIN)]
    first, none, second = assessor.assess([people[0], WALL, people[1]])
    assert isinstance(none, Refusal)
    _, faces = assessor.crops.take(people)
    said = [first.p_pain, second.p_pain]
    np.testing.assert_allclose(said, 1 - assessor.forward(faces)[:, 0], atol=1e-5)
    assert said[0] != said[1]
    assert first.notices == assessor.facts.notices == [RESEARCH, DRAWN, *notices]
    assert assessor.assess([WALL])[0].error == "no-face"


@pytest.mark.parametrize("kind", SMALL)
def test_a_head_on_windows_is_refused(tmp_path, kind):
    with pytest.raises(UserError, match=r"answers to no single picture[\s\S]*transferpain live"):
        load_assessor(save(tmp_path, kind))


def test_a_model_of_something_else_is_refused(tmp_path):
    with pytest.raises(UserError, match="does not tell pain from no pain"):
        load_assessor(save(tmp_path / "other", "ann", ("neutral", "happiness")))
