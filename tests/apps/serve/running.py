"""Servers that run in a thread."""

import http.client
import json
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import uvicorn

from transferpain.apps.serve.access import Access, Certificate, decide_access
from transferpain.apps.serve.app import create_app
from transferpain.apps.serve.limits import Limits
from transferpain.apps.serve.serve import configure, listen


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
    app = create_app(assessor, access, limits or Limits(rate=1000))
    with listen("127.0.0.1", 0, app.connections) as listener:
        server = uvicorn.Server(configure(app, certificate))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [listener]})
        thread.start()
        while not server.started and thread.is_alive():
            time.sleep(0.01)
        try:
            yield Running(listener.getsockname()[1], access.token, certificate and certificate.certificate, server)
        finally:
            server.should_exit = True
            thread.join()
