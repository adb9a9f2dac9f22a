"""Who may reach the server: this machine alone, or others with a token and TLS."""

import ipaddress
import re
import secrets
import socket
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from transferpain.core.errors import UserError

LOOPBACK_NAMES = ("localhost", "127.0.0.1", "::1")
LEAST_TOKEN = 16  # characters
HOST_NAME = re.compile(r"(?=.{1,253}$)[a-z0-9_][a-z0-9_-]*(\.[a-z0-9_][a-z0-9_-]*)*\.?")
NOWHERE = {socket.AF_INET: "192.0.2.1", socket.AF_INET6: "2001:db8::1"}  # reserved for documentation


@dataclass(frozen=True)
class Certificate:
    """The files of a certificate (with its chain) and its key, PEM."""

    certificate: Path
    key: Path


@dataclass(frozen=True)
class Access:
    """How the server is reached.

    Attributes:
        host: the address that it listens on.
        port: 0 takes a free one.
        names: what the Host header may name, in small letters; the first one is shown.
        token: what every request to `/v1` has to carry; `None` asks for none.
        certificate: for TLS; `None` without, or with `self_signed`.
        self_signed: whether a certificate is made at the start.
    """

    host: str
    port: int
    names: tuple[str, ...]
    token: str | None = None
    certificate: Certificate | None = None
    self_signed: bool = False

    @property
    def tls(self) -> bool:
        """Whether pages are sent encrypted."""
        return self.self_signed or self.certificate is not None

    def url(self, port: int) -> str:
        """Return the page's address; the token stands in the fragment, which no browser sends to a server."""
        name = f"[{self.names[0]}]" if ":" in self.names[0] else self.names[0]
        token = f"#token={quote(self.token, safe='')}" if self.token else ""
        return f"{'https' if self.tls else 'http'}://{name}:{port}/{token}"


def decide_access(
    host: str,
    port: int,
    names: tuple[str, ...] = (),
    token: str | None = None,
    certificate: Certificate | None = None,
    self_signed: bool = False,
) -> Access:
    """Return how the server may be reached.

    Args:
        names: further names that it is reached by, shown first.
        token: the one to ask for; other addresses than this machine's always ask for one, and get a fresh one if
            none is given.

    Raises:
        UserError: if a name is none, others could reach it without TLS, the token is too short, or certificate and
            `self_signed` are both asked for.
    """
    if certificate and self_signed:
        raise UserError(
            "The server has one certificate.",
            rule="Either --tls-cert and --tls-key, or --self-signed.",
            received="both",
            todo="Leave one of them out.",
        )
    if token is not None and (len(token) < LEAST_TOKEN or not token.isascii() or not token.isprintable()):
        raise UserError(
            "The token is too easy to guess, or cannot stand in a header.",
            rule=f"It has {LEAST_TOKEN} or more printable ASCII characters.",
            received=f"{len(token)} characters",
            todo="Leave --token out where the server is open to others: a fresh one is made and shown.",
        )
    alone = is_loopback(host)
    if not alone and not (certificate or self_signed):
        raise UserError(
            "Others could read the pictures on their way.",
            rule="Any other address than this machine's own needs TLS.",
            received=f"--host {host}",
            todo="Add --self-signed, or --tls-cert and --tls-key; or leave --host out.",
        )
    known = tuple(dict.fromkeys(as_in_header(name) for name in (*names, *own_names(host))))
    return Access(host, port, known, token or (None if alone else secrets.token_urlsafe(24)), certificate, self_signed)


def as_in_header(name: str) -> str:
    """Return a name or an address as a browser writes it into the Host header: in small letters, `ü` as `xn--tda`.

    Raises:
        UserError: if no host can have that name.
    """
    plain = name.strip("[]").lower()
    try:
        return str(ipaddress.ip_address(plain))
    except ValueError:
        pass
    try:
        encoded = plain.encode("idna").decode("ascii")
    except UnicodeError:
        encoded = ""
    if not HOST_NAME.fullmatch(encoded):
        raise UserError(
            "This is no name of a host.",
            rule="A host has an address, or a name of letters, digits, hyphens and dots: at most 63 between two dots.",
            received=name,
            todo="Correct --name or --host.",
        )
    return encoded


def choose_certificate(certificate: Path | None, key: Path | None) -> Certificate | None:
    """Return the two files of a certificate, or `None` if neither is given.

    Raises:
        UserError: if one is given without the other.
    """
    if (certificate is None) != (key is None):
        raise UserError(
            "A certificate needs its key.",
            rule="--tls-cert and --tls-key are given together.",
            received="--tls-cert alone" if key is None else "--tls-key alone",
            todo="Give both, or --self-signed.",
        )
    return Certificate(certificate, key) if certificate else None


def is_loopback(host: str) -> bool:
    """Tell whether only this machine can reach what listens on `host`."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def own_names(host: str) -> tuple[str, ...]:
    """Return by what names a server that listens on `host` is reached, the one to show first."""
    try:
        everywhere = ipaddress.ip_address(host).is_unspecified
    except ValueError:
        everywhere = False
    if not everywhere:
        return (host, *LOOPBACK_NAMES)
    found = [_outgoing_address(family) for family in NOWHERE]
    machine = socket.gethostname()
    known = [machine] if HOST_NAME.fullmatch(machine.lower()) else []
    return (*filter(None, found), *known, *LOOPBACK_NAMES)


def host_of(header: str) -> str:
    """Return the name in a Host header, without its port."""
    header = header.strip().lower()
    if header.startswith("["):
        return header[1:].partition("]")[0]
    return header.partition(":")[0].removesuffix(".")


def _outgoing_address(family: int) -> str | None:
    """Return this machine's address towards others; nothing is sent for it."""
    try:
        with socket.socket(family, socket.SOCK_DGRAM) as probe:
            probe.connect((NOWHERE[family], 9))
            return probe.getsockname()[0]
    except OSError:
        return None
