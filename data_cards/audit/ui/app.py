"""The server: routes, and the socket on this machine's own address."""

from __future__ import annotations

import secrets
import socket
from collections.abc import Callable
from urllib.parse import parse_qs

import uvicorn
from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, RedirectResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from curation.errors import ResourceError
from data_cards.audit.run import AuditedRun
from data_cards.audit.ui.guard import Guard
from data_cards.audit.ui.site import Site, number_of
from data_cards.audit.ui.view import HEADERS

__all__ = ["make_app", "serve"]

_MOST_BODY = 16_384


def make_app(site: Site, *, token: str, port: int) -> ASGIApp:
    def asked(request: Request) -> list[tuple[str, str]]:
        return request.query_params.multi_items()

    def number(request: Request, name: str) -> int:
        return number_of(request.query_params.get(name))

    def cluster(request: Request) -> Response:
        return _page(site.cluster(request.query_params.get("survivor", ""), number(request, "n")))

    routes = [
        Route("/", lambda request: _page(site.browse(asked(request)))),
        Route("/document", lambda request: _page(site.document(asked(request)))),
        Route("/clusters", lambda request: _page(site.clusters(max(0, number(request, "offset"))))),
        Route("/cluster", cluster),
        Route("/thresholds", lambda request: _page(site.thresholds())),
        Route("/labels", lambda request: _page(site.rules_and_labels())),
        Route("/releases", lambda request: _page(site.releases())),
        Route("/documents.csv", lambda request: _csv("documents", site.documents_csv(asked(request)))),
        Route("/labels.csv", lambda request: _csv("labels", site.labels_csv())),
        Route("/label", _labelling(site), methods=["POST"]),
        Route("/export", lambda request: _page(site.export()), methods=["POST"]),
        Route("/favicon.ico", lambda request: Response(status_code=204)),
    ]
    return Guard(Starlette(routes=routes), token=token, port=port)


def _page(html: str | None) -> Response:
    if html is None:
        return PlainTextResponse("There is no such page.", 404)
    return HTMLResponse(html, headers=HEADERS)


def _csv(name: str, text: str) -> Response:
    disposition = {"content-disposition": f'attachment; filename="{name}.csv"'}
    return Response(text, media_type="text/csv; charset=utf-8", headers=disposition)


def _labelling(site: Site) -> Callable[[Request], object]:
    async def label(request: Request) -> Response:
        body = b""
        async for part in request.stream():
            body += part
            if len(body) > _MOST_BODY:
                return PlainTextResponse("Too long.", 413)
        given = {
            name: values[-1]
            for name, values in parse_qs(body.decode("utf-8", "replace"), keep_blank_values=True).items()
        }
        arguments = number_of(given.get("n")), given.get("label", ""), given.get("note", "")
        if not await run_in_threadpool(site.label, *arguments):
            return PlainTextResponse("There is no such document or label.", 404)
        to = given.get("to", "/")
        return RedirectResponse(to if to.startswith("/document?") else "/labels", 303)

    return label


def serve(run: AuditedRun, against: AuditedRun | None, port: int, tell: Callable[[str], None]) -> None:
    """Serve until interrupted; `tell` is given the address with its token. Port 0 takes any free one."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind(("127.0.0.1", port))
    except OSError as error:
        raise ResourceError(f"port {port}", error.strerror or "in use", "a free port", "give another --port") from None
    token, port = secrets.token_urlsafe(24), listener.getsockname()[1]
    app = make_app(Site(run, against), token=token, port=port)
    tell(f"http://127.0.0.1:{port}/?token={token}")
    config = uvicorn.Config(app, log_level="warning", access_log=False, server_header=False, ws="none")
    uvicorn.Server(config).run(sockets=[listener])
