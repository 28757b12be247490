"""Asks an endpoint that speaks OpenAI's chat protocol: in parallel, again after failures, and not for ever.

The key is read from the environment for each request; it is in no message, file or log. Redirections are not followed,
since they would carry it elsewhere.
"""

from __future__ import annotations

import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import Any

from curation.augment.rewording.answers import Request
from curation.augment.rewording.models import Endpoint
from curation.errors import DataError, ResourceError

__all__ = ["Connection"]

_MOST_BYTES = 8 << 20
_STEP = 64 << 10
_FINAL = ("no_answer", "refused_request", "cut_short")  # asked again, it would be the same
_LONGEST_WAIT_S = 60.0


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *parts: Any, **more: Any) -> None:
        return None


_OPENER = urllib.request.build_opener(_NoRedirect)


class Connection:
    """Counts failures in a row over all requests of a worker's unit."""

    def __init__(self) -> None:
        self._in_a_row = 0

    def __call__(self, endpoint: Endpoint, requests: Sequence[Request]) -> list[str | DataError]:
        answers: list[str | DataError] = []
        with ThreadPoolExecutor(endpoint.parallel) as threads:
            for start in range(0, len(requests), endpoint.parallel):
                group = requests[start : start + endpoint.parallel]
                for answer in threads.map(lambda each: _answer(endpoint, each), group):
                    self._note(endpoint, answer)
                    answers.append(answer)
        return answers

    def _note(self, endpoint: Endpoint, answer: str | DataError) -> None:
        self._in_a_row = self._in_a_row + 1 if isinstance(answer, DataError) else 0
        if self._in_a_row >= endpoint.give_up_after and isinstance(answer, DataError):
            found = f"{self._in_a_row} failures in a row, the last one {answer.reason}"
            do = "see whether it is up, or raise give_up_after; what it has answered is kept"
            raise ResourceError(f"endpoint {endpoint.url}", found, "an endpoint that answers", do)


def _answer(endpoint: Endpoint, request: Request) -> str | DataError:
    wait = endpoint.backoff_s
    for left in range(endpoint.retries, -1, -1):
        answer, asked_to_wait = _once(endpoint, request)
        if not isinstance(answer, DataError) or not left or answer.reason in _FINAL:
            return answer
        time.sleep(min(max(wait, asked_to_wait), _LONGEST_WAIT_S))
        wait *= 2
    raise AssertionError("the last try returns")


def _once(endpoint: Endpoint, request: Request) -> tuple[str | DataError, float]:
    """The answer or its failure, and how many seconds the endpoint asks to wait."""
    try:
        ends = time.monotonic() + endpoint.timeout_s
        with _OPENER.open(_prepared(endpoint, request), timeout=endpoint.timeout_s) as response:
            body = _body(response, ends)
    except urllib.error.HTTPError as error:
        with error:
            return _refused(endpoint, error.code), _seconds(error.headers.get("Retry-After"))
    except TimeoutError:
        return DataError("timeout", endpoint.name), 0.0
    except urllib.error.URLError as error:
        reason = "timeout" if isinstance(error.reason, TimeoutError) else "no_connection"
        return DataError(reason, type(error.reason).__name__), 0.0
    except (OSError, http.client.HTTPException) as error:
        return DataError("no_connection", type(error).__name__), 0.0
    return _text(body), 0.0


def _body(response: http.client.HTTPResponse, ends: float) -> bytes:
    """What an answer holds. The timeout of a socket begins anew with every byte; the whole answer has one end."""
    parts: list[bytes] = []
    held = 0
    while held <= _MOST_BYTES and (part := response.read1(_STEP)):
        parts.append(part)
        held += len(part)
        if time.monotonic() > ends:
            raise TimeoutError
    return b"".join(parts)


def _prepared(endpoint: Endpoint, request: Request) -> urllib.request.Request:
    body = {
        "model": endpoint.name,
        "messages": [{"role": "user", "content": request.prompt}],
        "max_tokens": endpoint.max_tokens,
        "temperature": endpoint.temperature,
        "seed": request.seed % 2**31,
    }
    headers = {"Content-Type": "application/json", "User-Agent": "gristmill"}
    if endpoint.key_from is not None:
        headers["Authorization"] = f"Bearer {_key(endpoint)}"
    return urllib.request.Request(  # noqa: S310  the recipe allows http and https alone
        f"{endpoint.url}/chat/completions", json.dumps(body).encode(), headers
    )


def _key(endpoint: Endpoint) -> str:
    key = os.environ.get(str(endpoint.key_from), "").strip()
    if not key:
        where, found = f"endpoint {endpoint.url}", f"nothing in the environment variable {endpoint.key_from}"
        raise ResourceError(where, found, "the key for the endpoint", "set it, then run again")
    return key


def _refused(endpoint: Endpoint, status: int) -> DataError:
    if status in (401, 403, 404, 405) or 300 <= status < 400:
        do = "check url, name and key_from"
        raise ResourceError(f"endpoint {endpoint.url}", f"status {status}", "an answer", do)
    if status == 408 or status == 429 or status >= 500:
        return DataError("busy" if status == 429 else "server_error", f"status {status}")
    return DataError("refused_request", f"status {status}")


def _text(body: bytes) -> str | DataError:
    if len(body) > _MOST_BYTES:
        return DataError("no_answer", f"more than {_MOST_BYTES} bytes")
    try:
        choice = json.loads(body)["choices"][0]
        text, ended = choice["message"]["content"], choice.get("finish_reason")
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError):
        return DataError("no_answer", "not the JSON of an answer")
    if not isinstance(text, str):
        return DataError("no_answer", "an answer without text")
    if ended == "length":
        return DataError("cut_short", "the answer was longer than max_tokens")
    return text.encode("utf-8", "replace").decode()


def _seconds(value: str | None) -> float:
    return float(value) if value is not None and value.isdigit() else 0.0
