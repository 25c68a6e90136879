"""A writer of its own process for the live path: reports through the door, tells the news, notes what was acknowledged.

`python loader.py DATABASE REDIS RATE SECONDS THREADS` writes one line of JSON per acknowledged report: `[fact numbers,
monotonic time of the acknowledgement, seconds that telling the news took]`.
"""

from __future__ import annotations

import json
import logging
import os
import sys
import threading
import time
from zoneinfo import ZoneInfo

from alerts.news import News
from models.door import Door, Report
from models.moves import Actor, Role
from models.rules import Rules
from models.store import Store
from models.timebase import real_now
from models.vault import Vault


def main(database: str, redis: str, rate: str, seconds: str, threads: str) -> None:
    logging.disable()
    store = Store(database)
    rules = Rules(store, ZoneInfo("Asia/Shanghai"))
    category = min(code for code, leaf in rules().categories.items() if leaf.level > 2)
    door, news = Door(store, rules, Vault("a secret for tests")), News(redis)
    pause, until = int(threads) / float(rate), time.monotonic() + float(seconds)

    def write(first: float) -> None:
        turn = time.monotonic() + first
        while turn < until:
            time.sleep(max(0.0, turn - time.monotonic()))
            turn += pause
            report = Report(category, "人民路井盖丢失", "grid", area="990100")
            outcome = door.report(report, Actor("loader", Role.SYSTEM), real_now())
            acknowledged = time.monotonic()
            news.publish(outcome.facts)
            told = time.monotonic() - acknowledged
            line = json.dumps([[int(fact.id) for fact in outcome.facts], acknowledged, told])
            os.write(1, f"{line}\n".encode())  # in one piece: what threads `print` at once comes out mixed

    writers = [threading.Thread(target=write, args=(pause * turn / int(threads),)) for turn in range(int(threads))]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join()


main(*sys.argv[1:])
