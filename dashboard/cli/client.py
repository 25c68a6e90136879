"""A small client of our own HTTP API: one kept connection, a bearer token, sentences for what goes wrong."""

from __future__ import annotations

import http.client
import json
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode

TIMEOUT = 5.0


class ApiError(Exception):
    """The API refused (`status` 4xx) or could not be reached (`status` 0): then trying again later can help."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status


class Api:
    """Asks `/api/v1` of one host. For one thread; it connects anew after any fault."""

    def __init__(self, host: str, port: int, token: str) -> None:
        self._host, self._port, self._token = host, port, token
        self._line: http.client.HTTPConnection | None = None

    def get(self, path: str, **query: object) -> Any:
        """The JSON answer to a GET of `/api/v1` + path.

        Raises:
            ApiError: see there.
        """
        asked = {name: value for name, value in query.items() if value is not None}
        return self._ask("GET", f"/api/v1{path}{'?' + urlencode(asked) if asked else ''}", None)

    def post(self, path: str, body: Mapping[str, object], headers: Mapping[str, str] | None = None) -> Any:
        """The JSON answer to a POST; the same."""
        return self._ask("POST", f"/api/v1{path}", body, headers)

    def close(self) -> None:
        """Hang up. The next question connects again."""
        if self._line is not None:
            self._line.close()
            self._line = None

    def _ask(
        self, method: str, path: str, body: Mapping[str, object] | None, more: Mapping[str, str] | None = None
    ) -> Any:
        headers = {"Authorization": f"Bearer {self._token}", "Accept": "application/json", **(more or {})}
        payload = None
        if body is not None:
            headers["Content-Type"] = "application/json"
            payload = json.dumps(body, ensure_ascii=False).encode()
        try:
            if self._line is None:
                self._line = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT)
            self._line.request(method, path, payload, headers)
            answer = self._line.getresponse()
            told = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise ApiError(0, f"The API at {self._host}:{self._port} cannot be reached ({error}).") from error
        if answer.status >= 400:
            raise ApiError(answer.status, _problem(told) or f"{method} {path}: status {answer.status}")
        try:
            return json.loads(told)
        except ValueError as error:
            raise ApiError(0, f"{method} {path} answered something that is no JSON.") from error


def _problem(told: bytes) -> str:
    try:
        problem = json.loads(told)
        return f"{problem.get('title', '')} {problem.get('detail', '')}".strip()
    except (ValueError, AttributeError):
        return ""
