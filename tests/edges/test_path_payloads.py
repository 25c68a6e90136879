"""Promise 21, paths: forty ways of writing one that leaves its folder read no file; a twin that joins them naively does."""

from __future__ import annotations

from pathlib import Path

from desk_harness import add_people, browser, web

from models.store import Store
from streams.addresses import AddressRefusedError, AddressRules, parsed

SECRET_WORDS = "sentinel: nobody reads this"
UPS = ["../", "..%2f", "%2e%2e/", "%2e%2e%2f", "..%252f", "..\\", "..%5c", "....//", "..;/", "/../"]
ENDS = ["sentinel.txt", "sentinel.txt%00.jpg", "./sentinel.txt", "sentinel.txt?x=.jpg"]
PAYLOADS = [up * 3 + end for up in UPS for end in ENDS]
PLACES = ["/cameras/evidence/", "/attachments/", "/assets/", "/_dash-component-suites/dash/"]


def planted(folder: Path) -> Path:
    """A file beside and above every folder that something is served from; the data folder is three below it."""
    data = folder / "a" / "b" / "data"
    for place in (data / "evidence", data / "attachments"):
        place.mkdir(parents=True)
    for place in (folder, folder / "a", folder / "a" / "b", data):
        (place / "sentinel.txt").write_text(SECRET_WORDS)
    return data


def test_forty_path_payloads_read_no_file_through_any_route(sqlite_county: Store, tmp_path: Path) -> None:
    add_people(sqlite_county)
    assert len(PAYLOADS) == 40
    with web(sqlite_county, tmp_path, data=planted(tmp_path)) as app:
        client = browser(app, sqlite_county, "operator")
        for place in PLACES:
            for payload in (*PAYLOADS, str(tmp_path / "sentinel.txt"), f"/{tmp_path}/sentinel.txt"):
                answer = client.get(place + payload)
                assert answer.status_code < 500, place + payload
                assert SECRET_WORDS not in answer.get_data(as_text=True), place + payload


def test_forty_path_payloads_open_no_file_as_a_camera(tmp_path: Path) -> None:
    data = planted(tmp_path)
    rules = AddressRules((), data / "clips")
    (data / "clips").mkdir()
    opened = []
    for payload in (*PAYLOADS, *(f"file://{data}/clips/{one}" for one in PAYLOADS)):
        try:
            place = parsed(payload, rules)
        except AddressRefusedError:
            continue
        assert isinstance(place, Path) and place.is_relative_to(data / "clips"), payload
        opened += [place] if place.is_file() else []
    assert opened == []


def test_a_twin_that_joins_them_to_its_folder_reads_the_file(tmp_path: Path) -> None:
    folder = planted(tmp_path) / "evidence"
    read = [one for one in PAYLOADS if (folder / one).is_file() and SECRET_WORDS in (folder / one).read_text()]
    assert read
