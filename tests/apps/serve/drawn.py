"""Drawn people to show to a server, and an assessor that needs no network."""

import io
import time
from collections.abc import Sequence

import numpy as np
from PIL import Image

from transferpain.apps.serve.answers import Assessment, ModelAnswer, ModelFacts, ServiceFacts, label_of, notices_of
from transferpain.apps.serve.assessor import assessment
from transferpain.apps.serve.face_finding import load_look
from transferpain.apps.serve.refusals import Problem, Refusal
from transferpain.data.pspi import MAXIMUM, pspi
from transferpain.data.synthetic.camera import BIOVID, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.subjects import invent_look
from transferpain.inputs.action_units.measures import MESH, estimate
from transferpain.inputs.action_units.mesh import stack_meshes

PAIN = {"AU4": 4.0, "AU6": 4.0, "AU7": 4.0, "AU9": 3.0, "AU10": 3.0, "AU43": 1.0}
JPEG = {"Content-Type": "image/jpeg"}
FACTS = ServiceFacts(
    bundle="drawn",
    model_version="0" * 64,
    synthetic=True,
    main="rule",
    models=[
        ModelFacts(name="rule", title="PSPI of the guesses", threshold=0.5, classes=["no pain", "pain"]),
        ModelFacts(name="never", title="Never looks", threshold=0.5, classes=["no pain", "pain"]),
    ],
    action_units_from=MESH.title,
    notices=notices_of(("drawn faces",)),
)


class RuleAssessor:
    """Calls pain by the PSPI of guesses, and remembers how many pictures came together; `delay` in seconds."""

    def __init__(self, delay: float = 0.0):
        self.facts = FACTS
        self.delay = delay
        self.batches: list[int] = []
        self.look = load_look("mediapipe")

    def assess(self, pictures: Sequence[np.ndarray]) -> list[Assessment | Refusal]:
        self.batches.append(len(pictures))
        time.sleep(self.delay)
        return [self._one(picture) for picture in pictures]

    def _one(self, picture: np.ndarray) -> Assessment | Refusal:
        if (picture == 1).all():
            raise RuntimeError("this picture breaks the assessor")
        try:
            look = self.look(picture)
        except Refusal as refusal:
            return refusal
        units = estimate(stack_meshes([look.mesh])).intensities.iloc[0]
        p_pain = float(pspi(units)) / MAXIMUM
        rule, never = FACTS.models
        said = ModelAnswer(
            name=rule.name,
            title=rule.title,
            label=label_of(p_pain, rule.threshold),
            p_pain=p_pain,
            threshold=rule.threshold,
            probabilities={"no pain": 1 - p_pain, "pain": p_pain},
        )
        silent = ModelAnswer(
            name=never.name, title=never.title, label=None, p_pain=None, threshold=never.threshold, probabilities={}
        )
        return assessment(FACTS, look, [said, silent])


def draw_person(subject: int = 4, units: dict[str, float] | None = None) -> np.ndarray:
    """Return a picture of a drawn person, uint8 RGB `(240, 320, 3)`."""
    return draw_face(seat(BIOVID, invent_look(subject), subject), units or {}, Pose())


def encode(picture: np.ndarray, kind: str = "JPEG", **options) -> bytes:
    """Return a picture as the bytes of a file."""
    file = io.BytesIO()
    Image.fromarray(picture).save(file, kind, **options)
    return file.getvalue()


def check_problem(answer: dict, error: str) -> None:
    """Check the house's form: what, the rule, what was received, what to do."""
    problem = Problem.model_validate(answer)
    assert problem.error == error
    assert problem.what.endswith(".")
    assert problem.todo.endswith(".")
