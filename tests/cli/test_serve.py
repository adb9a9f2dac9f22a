import hashlib
import http.client
import json
import re
import signal
import ssl
import subprocess
import sys
import time

import pytest

from tests.apps.serve.drawn import draw_person, encode
from transferpain.cli.serve import serve_app
from transferpain.core.errors import UserError

PROGRAM = (
    "from transferpain.core.process import prepare; "
    "from transferpain.cli.serve import serve_app; prepare(); serve_app()"
)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--host", "0.0.0.0"), "needs TLS"),
        (("--token", "short"), "characters"),
        (("--tls-cert", "cert.pem"), "together"),
        (("--rate", "inf"), "no number of requests"),
        (("--name", "a name"), "no name of a host"),
        (("--tls-cert", "cert.pem", "--tls-key", "key.pem", "--self-signed"), "both"),
    ],
)
def test_an_open_door_is_refused_before_anything_is_loaded(options, said, tmp_path):
    with pytest.raises(UserError, match=said):
        serve_app([str(tmp_path / "no bundle"), *options], standalone_mode=False)


@pytest.mark.slow
def test_a_bundle_is_served_until_it_is_stopped(tmp_path):
    from tests.apps.serve.image_bundles import save_network

    bundle = save_network(tmp_path / "bundle")
    command = [sys.executable, "-c", PROGRAM, str(bundle), "--host", "0.0.0.0", "--self-signed", "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path)
    try:
        lines = [process.stdout.readline() for _ in range(4)]
        assert "For research only" in lines[0]
        assert "not valid for people" in lines[1]
        port, token = re.fullmatch(r"page: https://[^/]+:(\d+)/#token=(\S+)\n", lines[2]).groups()
        fingerprint = re.search("fingerprint ([0-9A-F:]+)", lines[3])[1].replace(":", "").lower()
        context = ssl._create_unverified_context()
        connection = http.client.HTTPSConnection("127.0.0.1", int(port), timeout=60, context=context)
        headers = {"Content-Type": "image/jpeg", "Authorization": f"Bearer {token}"}
        connection.request("POST", "/v1/assess", encode(draw_person()), headers)
        answer = connection.getresponse()
        assert answer.status == 200
        assert json.loads(answer.read())["models"][0]["name"] == "cnn"
        assert hashlib.sha256(connection.sock.getpeercert(binary_form=True)).hexdigest() == fingerprint
        connection.close()
        process.send_signal(signal.SIGTERM)
        begun = time.monotonic()
        rest, errors = process.communicate(timeout=60)
        assert time.monotonic() - begun < 5
    finally:
        process.kill()
    assert (process.returncode, rest, errors) == (0, "server stopped\n", "")
