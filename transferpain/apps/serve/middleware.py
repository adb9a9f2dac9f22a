"""What every request passes before the application sees it: Host header, rate, token; and the headers of answers."""

import hmac

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from transferpain.apps.serve.access import Access, host_of
from transferpain.apps.serve.connections import Connections
from transferpain.apps.serve.limits import RateLimit
from transferpain.apps.serve.refusals import Refusal

GUARDED = "/v1/"
# Nothing from elsewhere, no inline script or style, in no other page's frame. Pictures that are looked at are `blob:`.
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob:; media-src 'self' blob:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Permissions-Policy": "camera=(self), microphone=(), geolocation=()",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store",
}


class Door:
    """The outermost layer, so that no answer leaves without `HEADERS`."""

    def __init__(self, app: ASGIApp, access: Access, rate: RateLimit, connections: Connections):
        """Stand before `app`, which is reached by these connections."""
        self._app = app
        self._access = access
        self._rate = rate
        self.connections = connections

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Let a request in, or answer it with a refusal."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return

        closes = not scope["path"].startswith(GUARDED) and Headers(scope=scope).get("content-length", "0") != "0"

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                headers.update(HEADERS)
                if closes:  # nobody reads what such a request has sent
                    headers["Connection"] = "close"
            await send(message)

        address = tuple(scope.get("client") or ("unknown", 0))
        self.connections.begin(address)
        try:
            self._check(scope)
        except Refusal as refusal:
            await refusal_response(refusal)(scope, receive, send_with_headers)
        else:
            await self._app(scope, receive, send_with_headers)
        finally:
            self.connections.end(address)

    def _check(self, scope: Scope) -> None:
        headers = Headers(scope=scope)
        host = headers.get("host", "")
        # A page elsewhere may let its own name point to this machine: its scripts would then count as ours.
        if host_of(host) not in self._access.names:
            raise Refusal(
                421,
                "foreign-host",
                "This server is not known by that name.",
                f"The Host header names {', '.join(self._access.names)}.",
                host,
                "Open the address that the server showed at its start, or start it with --name.",
            )
        if "transfer-encoding" in headers:
            raise Refusal(
                411,
                "no-length",
                "The request does not say how long it is.",
                "A request with a body has the header Content-Length; chunks may be of a byte each.",
                "Transfer-Encoding",
                "Send the whole file at once, as `curl --data-binary @FILE` does.",
                {"Connection": "close"},
            )
        if not scope["path"].startswith(GUARDED):
            return
        # Before the token, so that tokens cannot be tried quickly either.
        client = scope.get("client") or ("unknown", 0)
        if wait := self._rate.wait_seconds(client[0]):
            raise Refusal(
                429,
                "too-many-requests",
                "There are too many requests.",
                "A client may ask so often only.",
                "one more",
                f"Try again in {wait} s.",
                {"Retry-After": str(wait)},
            )
        if self._access.token is not None:
            self._check_token(headers.get("authorization", ""))

    def _check_token(self, authorization: str) -> None:
        scheme, _, token = authorization.partition(" ")
        right = hmac.compare_digest(token.strip().encode(), self._access.token.encode())
        if scheme.lower() != "bearer" or not right:
            raise Refusal(
                401,
                "token",
                "The token is missing or wrong.",
                "A request carries the header Authorization: Bearer TOKEN.",
                "another token" if token else "no token",
                "Open the whole address that the server showed at its start, with what follows the #.",
                {"WWW-Authenticate": "Bearer"},
            )


def refusal_response(refusal: Refusal) -> JSONResponse:
    """Return a refusal as an answer."""
    return JSONResponse(refusal.problem.model_dump(), refusal.status, refusal.headers)
