"""What waits for one live viewer is bounded and never older than it must be; no viewer, no stream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from streams.relay import LINGER_SECONDS, MOST_SECONDS, Key, Message, Queue, Relays

INIT = Message("init", {"mime": "video/mp4"}, b"init")
KEY: Key = ("a", "sub")


def data(taken: float, *, key: bool = False, size: int = 100) -> Message:
    return Message("data", {}, bytes(size), key, taken)


def drained(queue: Queue) -> list[Message]:
    taken = []
    while (message := queue.next()) is not None:
        taken.append(message)
    return taken


def test_a_viewer_begins_with_how_to_play_it_and_a_key_picture() -> None:
    wishes: list[tuple[Key, bool]] = []
    relays = Relays(lambda key, wanted: wishes.append((key, wanted)))
    first = Queue()
    relays.join(KEY, first, 0.0)
    for message in (INIT, data(0.0, key=True), data(0.1), data(0.2)):
        relays.take(KEY, message, message.taken)
    late = Queue()
    relays.join(KEY, late, 0.3)
    relays.take(KEY, data(0.3), 0.3)
    assert [message.taken for message in drained(late)][1:] == [0.0, 0.1, 0.2, 0.3]
    assert len(drained(first)) == 5
    assert wishes == [(KEY, True)]


def test_a_stream_that_nobody_watches_ends_after_a_while_and_not_at_once() -> None:
    wishes: list[tuple[Key, bool]] = []
    relays = Relays(lambda key, wanted: wishes.append((key, wanted)))
    queue = Queue()
    relays.join(KEY, queue, 0.0)
    relays.leave(KEY, queue, 10.0)
    relays.ticked(10.0 + LINGER_SECONDS - 0.1)
    assert wishes == [(KEY, True)]
    relays.join(KEY, queue, 12.0)
    relays.ticked(100.0)
    relays.leave(KEY, queue, 100.0)
    relays.ticked(100.0 + LINGER_SECONDS)
    assert wishes == [(KEY, True), (KEY, False)]


@given(st.lists(st.tuples(st.integers(0, 3), st.booleans(), st.integers(1, 4000)), max_size=200))
def test_a_queue_is_bounded_in_order_and_whole_from_each_key_picture_on(steps: list[tuple[int, bool, int]]) -> None:
    """Whatever the viewer reads, he gets pictures in order, and after a gap a key picture first."""
    queue, now = Queue(most_bytes=10_000), 0.0
    queue.begin([INIT], now)
    sent: list[tuple[int, bool]] = []
    got: list[Message] = []
    for number, (reads, key, size) in enumerate(steps):
        now += 0.04
        sent.append((number, key))
        queue.offer(data(float(number), key=key, size=size), now)
        got.extend(message for message in (queue.next() for _ in range(reads)) if message is not None)
        assert sum(len(message.body) for _, message in queue._waiting) <= 10_000 + 4000
    numbers = [int(message.taken) for message in got if message.part == "data"]
    assert numbers == sorted(numbers)
    for before, after in zip([-1, *numbers], numbers, strict=False):
        assert after == before + 1 or sent[after][1], "after a gap a player needs a key picture"


def test_a_twin_that_drops_without_waiting_for_a_key_picture_fails_that_test() -> None:
    class Broken(Queue):
        def _clear(self, now: float) -> None:
            super()._clear(now)
            self._until_key = False

        def offer(self, message: Message, now: float) -> None:
            if self._bytes + len(message.body) > self._most_bytes:
                self._clear(now)
            self._put(message, now)

    queue = Broken(most_bytes=250)
    for number in range(4):
        queue.offer(data(float(number), key=number == 0), 0.0)
    first = queue.next()
    assert first is not None and not first.key  # a picture that nothing can decode


def test_what_waited_too_long_is_thrown_away_up_to_the_next_key_picture() -> None:
    queue = Queue()
    queue.begin([INIT, data(0.0, key=True)], 0.0)
    queue.offer(data(0.5), 0.5)
    queue.offer(data(2.0), 0.6 + MOST_SECONDS)
    queue.offer(data(2.1, key=True), 0.7 + MOST_SECONDS)
    assert [(message.part, message.taken) for message in drained(queue)] == [("init", 0.0), ("data", 2.1)]
    assert queue.dropped == 3
