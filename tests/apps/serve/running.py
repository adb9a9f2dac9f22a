"""Servers that run in a thread, drawn people to show them, and an assessor that needs no network."""

import http.client
import io
import json
import ssl
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import uvicorn
from PIL import Image

from transferpain.apps.serve.access import Access, Certificate, decide_access
from transferpain.apps.serve.answers import Assessment, ModelAnswer, ModelFacts, ServiceFacts, label_of, notices_of
from transferpain.apps.serve.app import create_app
from transferpain.apps.serve.assessor import assessment
from transferpain.apps.serve.face_finding import load_look
from transferpain.apps.serve.limits import Limits
from transferpain.apps.serve.refusals import Problem, Refusal
from transferpain.apps.serve.serve import configure, listen
from transferpain.data.pspi import MAXIMUM, pspi
from transferpain.data.synthetic.camera import BIOVID, seat
from transferpain.data.synthetic.face import Pose, draw_face
from transferpain.data.synthetic.subjects import invent_look
from transferpain.inputs.action_units.proxy import PROXY, estimate

PAIN = {"AU4": 4.0, "AU6": 4.0, "AU7": 4.0, "AU9": 3.0, "AU10": 3.0, "AU43": 1.0}
JPEG = {"Content-Type": "image/jpeg"}
FACTS = ServiceFacts(
    bundle="drawn",
    model_version="0" * 64,
    synthetic=True,
    main="rule",
    models=[
        ModelFacts(name="rule", title="PSPI of the proxies", threshold=0.5, classes=["no pain", "pain"]),
        ModelFacts(name="never", title="Never looks", threshold=0.5, classes=["no pain", "pain"]),
    ],
    action_units_from=PROXY.title,
    notices=notices_of(True),
)


class RuleAssessor:
    """Calls pain by the proxies' PSPI, and remembers how many pictures came together; `delay` in seconds."""

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
        units = estimate(look.points[None]).intensities.iloc[0]
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


@dataclass
class Running:
    """A server that runs, and how it is asked."""

    port: int
    token: str | None = None
    certificate: Path | None = None
    server: uvicorn.Server | None = field(default=None, repr=False)

    def connect(self, seconds: float = 60) -> http.client.HTTPConnection:
        if self.certificate:
            context = ssl.create_default_context(cafile=str(self.certificate))
            return http.client.HTTPSConnection("127.0.0.1", self.port, timeout=seconds, context=context)
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=seconds)

    def ask(self, method: str, path: str, body: bytes | None = None, headers: dict | None = None):
        """Return status, headers and body (JSON where it is some) of an answer."""
        token = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        connection = self.connect()
        try:
            connection.request(method, path, body, token | (headers or {}))
            answer = connection.getresponse()
            content = answer.read()
        finally:
            connection.close()
        is_json = answer.headers.get("Content-Type", "").startswith("application/json")
        return answer.status, answer.headers, json.loads(content) if is_json else content

    def assess(self, body: bytes, kind: str = "image/jpeg", **headers: str):
        """Return status and JSON of an assessment."""
        status, _, answer = self.ask("POST", "/v1/assess", body, {"Content-Type": kind} | headers)
        return status, answer


@contextmanager
def running(
    assessor, limits: Limits | None = None, access: Access | None = None, certificate: Certificate | None = None
) -> Iterator[Running]:
    """Run a server on this machine alone, for a while."""
    access = access or decide_access("127.0.0.1", 0)
    with listen("127.0.0.1", 0) as listener:
        server = uvicorn.Server(configure(create_app(assessor, access, limits or Limits(rate=1000)), certificate))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield Running(listener.getsockname()[1], access.token, certificate and certificate.certificate, server)
        finally:
            server.should_exit = True
            thread.join()


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
