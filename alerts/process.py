"""What the processes `push` and `alerts` share: a heart that beats, and a prompt end on SIGTERM."""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import resource
import signal
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from concurrent.futures import Executor, ThreadPoolExecutor
from typing import Any

from models.notify import Notifier
from models.store import Store

log = logging.getLogger(__name__)

THREADS = "database"
STOP = 1.7
"""Seconds that tasks have to end after SIGTERM."""

Work = Callable[[Executor], Awaitable[None]]


async def beat(notifier: Notifier, begun: asyncio.Event) -> None:
    """Say "ready" once it has begun, and show life every second from then on."""
    await begun.wait()
    gc.freeze()  # else the collector goes through the whole county from time to time, and news waits meanwhile
    notifier.ready()
    while True:
        notifier.beat()
        await asyncio.sleep(1)


def until_stopped(name: str, work: Work, store: Store, notifier: Notifier) -> int:
    """Run until SIGTERM or SIGINT, then end within two seconds whatever a database or a client does."""
    logging.basicConfig(stream=sys.stderr, level=logging.INFO, format=f"{name}: %(message)s")
    _raise_file_limit()
    executor = ThreadPoolExecutor(4, thread_name_prefix=THREADS)
    try:
        code = asyncio.run(_supervised(work, executor, notifier))
    finally:
        executor.shutdown(wait=False, cancel_futures=True)
    until = time.monotonic() + 0.2
    while _busy() and time.monotonic() < until:
        time.sleep(0.01)
    if _busy():  # a thread waits for a database that does not answer: the interpreter would wait for it
        sys.stderr.flush()
        os._exit(code)
    store.close()
    return code


def _busy() -> bool:
    return any(thread.name.startswith(THREADS) for thread in threading.enumerate())


async def _supervised(work: Work, executor: Executor, notifier: Notifier) -> int:
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(_one_line)
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    task = asyncio.ensure_future(work(executor))
    stopped = asyncio.create_task(stop.wait())
    await asyncio.wait({task, stopped}, return_when=asyncio.FIRST_COMPLETED)
    if task.done():
        stopped.cancel()
        log.error("Ended by a fault: %r", _first(task.exception()))
        return 1
    notifier.stopping()
    task.cancel()
    await asyncio.wait({task}, timeout=STOP)
    return 0


def _first(error: BaseException | None) -> BaseException | None:
    while isinstance(error, BaseExceptionGroup):
        error = error.exceptions[0]
    return error


def _one_line(_loop: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    log.warning("%s %r", context.get("message", ""), context.get("exception"))


def _raise_file_limit() -> None:
    """A thousand screens need more files than the usual 1,024."""
    _soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    wanted = 65_536 if hard == resource.RLIM_INFINITY else hard
    resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
