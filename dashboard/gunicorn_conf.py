"""Gunicorn's configuration: `gunicorn --config dashboard/gunicorn_conf.py "dashboard.app:from_environment()"`.

Two workers with threads share one loaded application: the arbiter loads and warms it, and workers are forked from it,
so that one that died or hangs is soon replaced. The arbiter beats for the supervisor as long as a worker shows life.
"""

from __future__ import annotations

import gc
import os
import shutil
import threading
import time
from pathlib import Path
from typing import Any

from config.settings import from_environment

_settings = from_environment()
_metrics = _settings.data.resolve() / "run" / "metrics"
shutil.rmtree(_metrics, ignore_errors=True)  # the counters of an earlier life
_metrics.mkdir(parents=True, exist_ok=True)
os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(_metrics)  # before anything imports prometheus_client

bind = f"{_settings.host}:{_settings.port}"
worker_class = "gthread"
workers = 2
threads = 12
preload_app = True
timeout = 5  # a worker that was stopped or hangs is killed and replaced
graceful_timeout = 3
keepalive = 30
backlog = 1024
worker_tmp_dir = "/dev/shm" if Path("/dev/shm").is_dir() else None  # noqa: S108 (heartbeats must not wait for a disk)
control_socket_disable = True
forwarded_allow_ips = "127.0.0.1,::1"
limit_request_line = 4094
limit_request_fields = 64
limit_request_field_size = 8190
accesslog = None  # addresses may hold device tokens
errorlog = "-"
loglevel = "warning"
BEAT = 1.0


def on_starting(server: Any) -> None:
    """No foreign product's name in the answers."""
    from gunicorn.http import wsgi  # type: ignore[import-untyped]

    wsgi.SERVER = "gridcommand"


def when_ready(server: Any) -> None:
    """The application is loaded and the port is open: say so, and beat from now on.

    What is loaded stays for good. Frozen, it is shared by the workers, and the collector no longer goes through all of it in
    the middle of a request (140 ms at 290,000 objects).
    """
    from models.notify import Notifier

    gc.collect()
    gc.freeze()
    notifier = Notifier.from_environment()
    notifier.ready()
    threading.Thread(target=_beat, args=(server, notifier), name="beat", daemon=True).start()


def _beat(server: Any, notifier: Any) -> None:
    while True:
        if _a_worker_lives(server):
            notifier.beat()
        time.sleep(BEAT)


def _a_worker_lives(server: Any) -> bool:
    now = time.monotonic()
    for worker in list(server.WORKERS.values()):
        try:
            if now - worker.tmp.last_update() <= timeout:
                return True
        except (OSError, ValueError):
            continue
    return False


def post_fork(server: Any, worker: Any) -> None:
    """Connections and locks belong to the parent process; this one opens its own."""
    from dashboard.services import KEY

    application = worker.app.wsgi()
    application.extensions[KEY].store.after_fork()


def child_exit(server: Any, worker: Any) -> None:
    """Forget the gauges of a worker that is gone; its counters stay in the sums."""
    from prometheus_client.multiprocess import mark_process_dead

    mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
