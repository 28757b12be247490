"""Who may ask: this machine, through a page that this server gave, with its token. Everyone else is refused."""

from __future__ import annotations

import hmac
from urllib.parse import parse_qsl, urlencode

from starlette.datastructures import MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse, RedirectResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

__all__ = ["Guard"]

# With `no-referrer` a browser sends the origin of a form as `null`; `same-origin` tells other places as little.
_HEADERS = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "x-frame-options": "DENY",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "cache-control": "no-store",
}
_POLICY = "default-src 'none'; frame-ancestors 'none'"


class Guard:
    """Middleware around all pages. The token comes once in the address and then lives in a cookie of this port."""

    def __init__(self, app: ASGIApp, *, token: str, port: int) -> None:
        self._app, self._token = app, token
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._cookie = f"gristmill-audit-{port}"

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "lifespan":
            await self._app(scope, receive, send)
            return
        if scope["type"] != "http":
            return
        app = self._answer(Request(scope))

        async def send_guarded(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in _HEADERS.items():
                    headers[name] = value
                headers.setdefault("content-security-policy", _POLICY)
            await send(message)

        await app(scope, receive, send_guarded)

    def _answer(self, request: Request) -> ASGIApp:
        hosts = request.headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return PlainTextResponse("Wrong host.", 400)
        origin = request.headers.get("origin")
        if origin is not None and origin not in {f"http://{host}" for host in self._hosts}:
            return PlainTextResponse("Wrong origin.", 403)
        if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
            return PlainTextResponse("Wrong site.", 403)
        given = request.query_params.get("token")
        if given is not None and self._is_token(given) and request.method == "GET":
            return self._welcome(request)
        if not self._is_token(request.cookies.get(self._cookie, "")):
            return PlainTextResponse("No token. Open the address that `gristmill audit` printed.", 403)
        if request.method == "POST" and origin is None:
            return PlainTextResponse("No origin.", 403)
        return self._app

    def _is_token(self, given: str) -> bool:
        return hmac.compare_digest(given.encode(), self._token.encode())

    def _welcome(self, request: Request) -> RedirectResponse:
        """The same page without the token in its address."""
        rest = [(name, value) for name, value in parse_qsl(request.url.query) if name != "token"]
        path = "/" + request.url.path.lstrip("/\\")
        response = RedirectResponse(f"{path}?{urlencode(rest)}" if rest else path, 303)
        response.set_cookie(self._cookie, self._token, httponly=True, samesite="strict", path="/")
        return response
