"""The application: `/v1/assess`, `/v1/models`, `/healthz`, `/openapi.json`, and the page for the phone."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect
from starlette.staticfiles import StaticFiles

import transferpain
from transferpain.apps.serve.access import Access
from transferpain.apps.serve.answers import RESEARCH, Assessment, Health, ServiceFacts
from transferpain.apps.serve.assessor import Assessor
from transferpain.apps.serve.batching import Batcher
from transferpain.apps.serve.connections import Connections
from transferpain.apps.serve.decoding import Decoders
from transferpain.apps.serve.limits import Limits, Places, RateLimit, client_of
from transferpain.apps.serve.middleware import Door, refusal_response
from transferpain.apps.serve.pictures import TYPES
from transferpain.apps.serve.refusals import Problem, Refusal

PAGE = Path(__file__).with_name("page")
SWEEP_SECONDS = 0.2  # between two looks at which connections have to end
# A body that arrives in more parts is sent to keep the server busy; a network's packets hold 500 bytes and more.
FIRST_PARTS, BYTES_OF_PART = 100, 64
PICTURE_BODY = {
    "requestBody": {
        "required": True,
        "description": "One picture of one face: the bytes of a file. It is kept in memory only, and forgotten.",
        "content": {name: {"schema": {"type": "string", "format": "binary"}} for name in TYPES},
    }
}
# A variable of the environment could let requests be reported elsewhere.
NO_TELEMETRY = {"tracing": False, "metrics": False, "logs": False, "auto_configure": False}
ADVICE = "See /openapi.json for what there is."


def create_app(assessor: Assessor, access: Access, limits: Limits) -> Door:
    """Return the whole server as an ASGI application.

    Args:
        assessor: what looks at the pictures.
        access: by what names and with which token it is reached.
        limits: what a request may be like.
    """
    batcher, decoders, connections = Batcher(assessor), Decoders(), Connections(limits)

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        batcher.start()
        sweeping = asyncio.create_task(_end_overdue(connections))
        yield
        sweeping.cancel()
        await decoders.stop()
        batcher.stop()

    doubts = assessor.facts.notices[1:2] if assessor.facts.synthetic else []
    about = [RESEARCH, *(f"Bundle {assessor.facts.bundle}: {doubt}." for doubt in doubts)]
    app = FastAPI(
        title="transferpain",
        version=transferpain.__version__,
        description=" ".join(about),
        lifespan=lifespan,
        docs_url=None,  # they would load scripts from elsewhere
        redoc_url=None,
        telemetry=NO_TELEMETRY,
    )
    _add_assess(app, limits, connections, decoders, batcher)

    @app.get("/v1/models", responses=_problems(401, 421, 429))
    async def models() -> ServiceFacts:
        """Return what is behind the server."""
        return assessor.facts

    @app.get("/healthz", responses=_problems(421))
    async def healthz() -> Health:
        """Tell that the server is up."""
        return Health()

    @app.get("/", include_in_schema=False)
    async def page() -> FileResponse:
        return FileResponse(PAGE / "index.html")

    app.mount("/page", StaticFiles(directory=PAGE))
    _add_problems(app)
    return Door(app, access, RateLimit(limits.rate), connections)


async def _end_overdue(connections: Connections) -> None:
    while True:
        await asyncio.sleep(SWEEP_SECONDS)
        connections.end_overdue()


def _add_assess(app: FastAPI, limits: Limits, connections: Connections, decoders: Decoders, batcher: Batcher) -> None:
    places = Places(limits.at_once)

    @app.post(
        "/v1/assess",
        openapi_extra=PICTURE_BODY,
        responses=_problems(400, 401, 408, 411, 413, 415, 421, 422, 429, 503),
    )
    async def assess(request: Request) -> Assessment:
        """Look at one picture of one face."""
        address = tuple(request.client or ("unknown", 0))
        client = client_of(address[0])
        if not places.take(client):
            raise Refusal(
                503,
                "busy",
                "The server is busy.",
                f"It takes {limits.at_once} pictures at once, of one client no more than are left for others.",
                "one more",
                "Try again in a second.",
                {"Retry-After": "1"},
            )
        try:
            content = await read_body(request, limits)
            with connections.held(address):
                return await batcher.assess(await decoders.decode(content, client))
        finally:
            places.give_back(client)


async def read_body(request: Request, limits: Limits) -> bytes:
    """Return the body of a request.

    Raises:
        Refusal: if it is said to be no picture, is empty, too large, too slow, or breaks off.
    """
    # A page elsewhere cannot send these types without asking first (CORS), which is never granted.
    said = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if said not in TYPES:
        rule = f"Content-Type is {', '.join(TYPES)}; the body is the file itself, no form."
        raise Refusal(415, "wrong-type", "The body is not said to be a picture.", rule, said or "no type", ADVICE)
    content, parts = bytearray(), 0
    try:
        async with asyncio.timeout(limits.body_seconds):
            if int(request.headers.get("content-length", 0)) > limits.body_bytes:
                raise _too_large(limits, request.headers["content-length"])
            async for part in request.stream():
                content += part
                parts += 1
                if parts > FIRST_PARTS + len(content) / BYTES_OF_PART:
                    raise _crumbs(parts, len(content))
                if len(content) > limits.body_bytes:
                    raise _too_large(limits, f"more than {limits.body_bytes}")
    except TimeoutError as error:
        rule = f"It arrives within {limits.body_seconds:g} s."
        received = f"{len(content)} bytes until then"
        todo = "Send a smaller picture, or find a better connection."
        raise Refusal(
            408, "slow", "The picture did not arrive in time.", rule, received, todo, {"Connection": "close"}
        ) from error
    except ClientDisconnect as error:
        raise Refusal(400, "broken-off", "The connection broke off.", received=f"{len(content)} bytes") from error
    if not content:
        raise Refusal(400, "empty", "The body is empty.", "It is the file of a picture.", "0 bytes", "Send a picture.")
    return bytes(content)


def _crumbs(parts: int, size: int) -> Refusal:
    return Refusal(
        400,
        "crumbs",
        "The picture arrives in too many parts.",
        f"After the first {FIRST_PARTS}, a part has {BYTES_OF_PART} bytes on average.",
        f"{size} bytes in {parts} parts",
        "Send the whole file at once.",
        {"Connection": "close"},
    )


def _too_large(limits: Limits, received: str) -> Refusal:
    return Refusal(
        413,
        "too-large",
        "The file is too large.",
        f"It has at most {limits.body_bytes / 1e6:g} MB.",
        f"{received} bytes",
        "Reduce the picture; 1280 pixels on the longer side are enough.",
        {"Connection": "close"},  # what is still on its way is not read
    )


def _problems(*statuses: int) -> dict[int, dict]:
    return {status: {"model": Problem} for status in statuses}


def _add_problems(app: FastAPI) -> None:
    """Answer whatever goes wrong in one form."""

    @app.exception_handler(Refusal)
    async def refused(request: Request, refusal: Refusal) -> JSONResponse:
        return refusal_response(refusal)

    @app.exception_handler(HTTPException)
    async def not_there(request: Request, error: HTTPException) -> JSONResponse:
        received = f"{request.method} {request.url.path}"
        what = "There is nothing at this address." if error.status_code == 404 else f"{error.detail}."
        return refusal_response(
            Refusal(
                error.status_code, "address", what, received=received, todo=ADVICE, headers=dict(error.headers or {})
            )
        )

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> JSONResponse:
        todo = "The server goes on; its terminal shows the fault, please report it."
        return refusal_response(Refusal(500, "fault", "The server failed on this request.", todo=todo))
