"""Addresses of the pages and of what they load."""

from typing import Annotated

from fastapi import APIRouter, Path, Request, Response
from fastapi.responses import HTMLResponse
from starlette.convertors import Convertor, register_url_convertor

from doorstep.app.faces.built import BuiltFile, NotBuilt, built
from doorstep.platform.errors import NotFound


class _Below(Convertor[str]):
    """The rest of an address below a page's own; never the API's rooms, which answer for themselves."""

    regex = "(?!v1(?:/|$)).+"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("below", _Below())
router = APIRouter(include_in_schema=False)

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; font-src 'self';"
    " connect-src 'self'; worker-src 'self'; manifest-src 'self'; media-src 'self' blob:; base-uri 'none';"
    " frame-ancestors 'none'; form-action 'self'"
)
_SENSORS = {
    "driver": "camera=(self), geolocation=(self), screen-wake-lock=(self), microphone=()",
}
_NO_SENSORS = "camera=(), geolocation=(), microphone=()"
_FOR_EVER = "public, max-age=31536000, immutable"
_ASK_AGAIN = "no-cache"
_MISSING = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>The pages are not built yet</title></head>
<body><h1>The pages are not built yet</h1>
<p>Everything else runs: the API, dispatch, the market. In the checkout, say <code>make web</code> and load this page
again; the server need not be restarted. An installed wheel always holds the pages.</p>
<p><a href="/">Back to the street</a> · <a href="/docs">Every route</a></p></body></html>
"""

Name = Annotated[str, Path(max_length=120)]
Rest = Annotated[str, Path(max_length=400)]


def _served(request: Request, file: BuiltFile, kept: str, more: dict[str, str] | None = None) -> Response:
    headers = {"ETag": file.etag, "Cache-Control": kept, "Vary": "Accept-Encoding", **(more or {})}
    if request.headers.get("if-none-match") == file.etag:
        return Response(status_code=304, headers=headers)
    body, coding = file.best(request.headers.get("accept-encoding", ""))
    if coding:
        headers["Content-Encoding"] = coding
    return Response(body, media_type=file.media_type, headers=headers)


def not_built() -> HTMLResponse:
    """What to do when the pages were not built; 503, for it passes."""
    return HTMLResponse(_MISSING, 503, headers={"Cache-Control": "no-store"})


def _face(request: Request, face: str) -> Response:
    try:
        page = built().page(face)
    except NotBuilt:
        return not_built()
    headers = {
        "Content-Security-Policy": CONTENT_POLICY,
        "Permissions-Policy": _SENSORS.get(face, _NO_SENSORS),
    }
    return _served(request, page, _ASK_AGAIN, headers)


def _below(request: Request, face: str, rest: str) -> Response:
    """A file beside the page, else the page itself: it reads the rest of its address on its own."""
    file = built().beside(face, rest)
    if file is not None:
        return _served(request, file, _ASK_AGAIN, {"Service-Worker-Allowed": f"/{face}"})
    if "." in rest.rsplit("/", 1)[-1]:
        raise NotFound
    return _face(request, face)


@router.get("/assets/{name}")
async def asset(request: Request, name: Name) -> Response:
    """A script, style sheet, font or picture; its name changes with its content."""
    file = built().asset(name)
    if file is None:
        raise NotFound
    return _served(request, file, _FOR_EVER)


@router.get("/console")
async def console(request: Request) -> Response:
    """The dispatcher's console."""
    return _face(request, "console")


@router.get("/console/{rest:below}")
async def below_console(request: Request, rest: Rest) -> Response:
    """A view of the console by its address."""
    return _below(request, "console", rest)


@router.get("/driver")
async def driver(request: Request) -> Response:
    """The driver's phone."""
    return _face(request, "driver")


@router.get("/driver/{rest:below}")
async def below_driver(request: Request, rest: Rest) -> Response:
    """A view of the driver app by its address, its worker and its manifest."""
    return _below(request, "driver", rest)


@router.get("/shop")
async def shop(request: Request) -> Response:
    """The shop's counter."""
    return _face(request, "shop")


@router.get("/shop/{rest:below}")
async def below_shop(request: Request, rest: Rest) -> Response:
    """A view of the counter by its address."""
    return _below(request, "shop", rest)
