import hashlib
import ssl

import pytest

from tests.apps.serve.running import running
from transferpain.apps.serve.access import Certificate, decide_access
from transferpain.apps.serve.certificate import make_certificate
from transferpain.apps.serve.connections import Connections
from transferpain.apps.serve.limits import Limits
from transferpain.apps.serve.serve import configure, listen
from transferpain.core.errors import UserError

NONE = Connections(Limits())


def test_a_browser_that_trusts_the_certificate_is_served(assessor, face, tmp_path):
    access = decide_access("0.0.0.0", 0, self_signed=True)
    files, fingerprint = make_certificate(access.names, tmp_path)
    assert files.key.stat().st_mode & 0o077 == 0
    der = ssl.PEM_cert_to_DER_cert(files.certificate.read_text())
    assert fingerprint.replace(":", "").lower() == hashlib.sha256(der).hexdigest()
    with running(assessor, access=access, certificate=files) as server:
        # The client checks name and signature.
        status, answer = server.assess(face)
        assert (status, answer["synthetic"]) == (200, True)
        server.token = "another one, as long"
        assert server.assess(face)[0] == 401


def test_certificates_are_not_made_twice_alike(tmp_path):
    for name in "ab":
        (tmp_path / name).mkdir()
    prints = {make_certificate(("localhost",), tmp_path / name)[1] for name in "ab"}
    assert len(prints) == 2


def test_files_that_are_no_certificate_are_refused(tmp_path):
    files, _ = make_certificate(("localhost",), tmp_path)
    other = tmp_path / "other"
    other.mkdir()
    for certificate in (
        Certificate(files.certificate, make_certificate(("localhost",), other)[0].key),
        Certificate(files.key, files.key),
        Certificate(tmp_path / "none.pem", files.key),
    ):
        with pytest.raises(UserError, match="certificate cannot be used"):
            configure(lambda *_: None, certificate)


def test_an_address_that_is_taken_is_refused():
    with listen("127.0.0.1", 0, NONE) as taken:
        with pytest.raises(UserError, match=r"cannot listen on 127\.0\.0\.1"):
            listen("127.0.0.1", taken.getsockname()[1], NONE)
        with pytest.raises(UserError, match="Choose another --port"):
            listen("192.0.2.1", 0, NONE)
