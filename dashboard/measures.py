"""What `/metrics` tells: counters of this web process and its siblings, and figures of the county read at the scrape.

Several gunicorn workers share their counters through files when PROMETHEUS_MULTIPROC_DIR names a folder (the gunicorn
configuration does that before anything is imported); a single process keeps them in memory.
"""

from __future__ import annotations

import os
from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

SECONDS = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)


class Measures:
    """The web process's counters."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry()
        self._requests = Counter(
            "gridcommand_http_requests", "Requests answered", ("route", "method", "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "gridcommand_http_request_seconds",
            "Time to answer a request",
            ("route",),
            buckets=SECONDS,
            registry=self._registry,
        )
        self._reports = Counter(
            "gridcommand_reports", "Reports answered 2xx, by result", ("result",), registry=self._registry
        )

    def answered(self, route: str, method: str, status: int, seconds: float) -> None:
        """A request was answered. `route` is a pattern, never a path, so that labels stay few."""
        self._requests.labels(route, method, str(status)).inc()
        self._seconds.labels(route).observe(seconds)

    def reported(self, created: bool) -> None:
        """A report was answered 2xx."""
        self._reports.labels("created" if created else "repeated").inc()

    def text(self, figures: Mapping[str, float]) -> bytes:
        """Everything in the Prometheus text format; `figures` become gauges `gridcommand_NAME`."""
        return self._counters() + _plain(figures)

    def _counters(self) -> bytes:
        if "PROMETHEUS_MULTIPROC_DIR" not in os.environ:
            return generate_latest(self._registry)
        shared = CollectorRegistry()
        MultiProcessCollector(shared)  # type: ignore[no-untyped-call]
        return generate_latest(shared)


def _plain(figures: Mapping[str, float]) -> bytes:
    lines = [f"# TYPE gridcommand_{name} gauge\ngridcommand_{name} {value}\n" for name, value in figures.items()]
    return "".join(lines).encode()
