"""Run the server until it is stopped."""

import socket
import tempfile
from collections.abc import Callable
from pathlib import Path

import uvicorn
from starlette.types import ASGIApp

from transferpain.apps.serve.access import Access, Certificate
from transferpain.apps.serve.certificate import make_certificate
from transferpain.apps.serve.connections import Connections, Listener
from transferpain.apps.serve.messages import bound_messages
from transferpain.apps.serve.middleware import Door
from transferpain.core.errors import UserError
from transferpain.core.foreign import border

IDLE_SECONDS = 10  # an open connection without a request
LAST_SECONDS = 3  # for requests under way when the server is stopped; all has ended within 5
BACKLOG = 256
NO_PASSWORD = "-"  # of a key: without one, OpenSSL would ask for it at the terminal, and wait


def serve(app: Door, access: Access, announce: Callable[[str], object]) -> None:
    """Answer requests until a signal ends it.

    Args:
        app: as `create_app` makes it.
        access: where it listens, and with which certificate.
        announce: called with each line that the owner has to read, when requests are accepted.

    Raises:
        UserError: if the address is taken or not this machine's, or the certificate cannot be read.
    """
    with (
        listen(access.host, access.port, app.connections) as listener,
        tempfile.TemporaryDirectory(prefix="transferpain-") as folder,
    ):
        certificate, fingerprint = access.certificate, ""
        if access.self_signed:
            certificate, fingerprint = make_certificate(access.names, Path(folder))
        config = configure(app, certificate)
        if access.self_signed:
            certificate.key.unlink()  # it has been read
        announce(f"page: {access.url(listener.getsockname()[1])}")
        if fingerprint:
            announce(f"the browser will warn of the certificate, which has the SHA-256 fingerprint {fingerprint}")
        uvicorn.Server(config).run(sockets=[listener])


def configure(app: ASGIApp, certificate: Certificate | None) -> uvicorn.Config:
    """Return uvicorn's settings, with the certificate read.

    Raises:
        UserError: if it cannot be.
    """
    config = uvicorn.Config(
        app,
        http="h11",
        ws="none",
        lifespan="on",
        access_log=False,
        log_level="warning",
        server_header=False,
        proxy_headers=False,  # a client could name another address, and escape its rate
        timeout_keep_alive=IDLE_SECONDS,
        timeout_graceful_shutdown=LAST_SECONDS,
        backlog=BACKLOG,
        ssl_keyfile_password=NO_PASSWORD,
        ssl_certfile=certificate and certificate.certificate,
        ssl_keyfile=certificate and certificate.key,
    )
    bound_messages()
    with border(
        "The certificate cannot be used.",
        rule="--tls-cert is a certificate with its chain, --tls-key its key without a password, both PEM.",
        todo="Give the two files that belong to each other, or --self-signed.",
    ):
        config.load()
    return config


def listen(host: str, port: int, connections: Connections) -> Listener:
    """Return a socket that listens on `host` and `port`, and lets in whom `connections` admits.

    Raises:
        UserError: if it cannot.
    """
    try:
        family, *_, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        return Listener(socket.create_server(address[:2], family=family, backlog=BACKLOG), connections)
    except (OSError, UnicodeError) as error:  # the second of names that are none
        raise UserError(
            f"The server cannot listen on {host}, port {port}.",
            rule="The address is one of this machine's, and the port is free.",
            received=error,
            todo="Choose another --port, or leave --host out.",
        ) from error
