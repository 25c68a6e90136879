"""A brief in words: the headline sentences and the plain text for a phone, from what is kept and the catalogue. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

PHONE_ROWS = 5


@dataclass(frozen=True)
class Tongue:
    """A language: the catalogue's texts, and which names are taken."""

    texts: Mapping[str, str]
    language: str
    zone: ZoneInfo

    def text(self, key: str, **values: object) -> str:
        """The catalogue's text with its placeholders filled."""
        return self.texts.get(key, key).format(**values)

    def name(self, names: Mapping[str, str]) -> str:
        """A name that was kept in both languages."""
        return (names.get("en") if self.language == "en" else names.get("zh")) or self.text("common.unknown")

    def moment(self, written: str) -> str:
        """A kept instant in the county's time."""
        return f"{datetime.fromisoformat(written).astimezone(self.zone):%Y-%m-%d %H:%M}"


def days(body: Mapping[str, Any], tongue: Tongue) -> str:
    """Which days a brief tells of."""
    first, last = date.fromisoformat(body["first"]), date.fromisoformat(body["last"])
    if body["kind"] == "monthly":
        return f"{first:%Y-%m}"
    return f"{first:%Y-%m-%d}" if first == last else f"{first:%Y-%m-%d} – {last:%m-%d}"


def title(body: Mapping[str, Any], tongue: Tongue) -> str:
    """The name of a brief."""
    return tongue.text(f"brief.kind.{body['kind']}", days=days(body, tongue))


FEW = 10
"""Below so many a percentage says more of chance than of work."""


def moved(now: int, before: int | None, tongue: Tongue) -> str:
    """`+12.0%`; a dash where there is nothing to compare with, and no percentage of so few that one case is a tenth."""
    if before is None or (before == 0 and now):
        return tongue.text("common.unknown")
    if before < FEW and now != before:
        return tongue.text("brief.few")
    percent = 0.0 if not before else (now / before - 1) * 100
    sign = "+" if percent > 0.05 else "−" if percent < -0.05 else "±"
    return f"{sign}{abs(percent):.1f}%"


def share(part: int, whole: int, tongue: Tongue) -> str:
    """`96.8%`, rounded down: 100.0 means all of them."""
    return f"{part * 1000 // whole / 10:.1f}%" if whole else tongue.text("common.unknown")


def flows(body: Mapping[str, Any]) -> dict[str, Mapping[str, Any]]:
    """What happened, by name."""
    return {row["name"]: row for row in body["flows"]}


def stocks(body: Mapping[str, Any]) -> dict[str, int]:
    """What stands at the cut, by name."""
    return {row["name"]: row["count"] for row in body["stocks"]}


def sentences(body: Mapping[str, Any], tongue: Tongue) -> list[str]:
    """The brief in a few sentences: what happened, what stands, who is behind."""
    happened, standing = flows(body), stocks(body)
    before = tongue.text(f"brief.before.{body['kind']}")
    told = [
        tongue.text(
            "brief.sentence.reported",
            n=f"{happened['reported']['count']:,}",
            before=before,
            moved=moved(happened["reported"]["count"], happened["reported"]["before"], tongue),
            year=moved(happened["reported"]["count"], happened["reported"]["last_year"], tongue),
        ),
        tongue.text(
            "brief.sentence.closed",
            n=f"{happened['closed']['count']:,}",
            in_time=f"{happened['closed-in-time']['count']:,}",
            share=share(
                happened["closed-in-time"]["count"],
                happened["closed-in-time"]["count"] + happened["closed-late"]["count"],
                tongue,
            ),
            lapsed=f"{happened['lapsed']['count']:,}",
        ),
        tongue.text(
            "brief.sentence.standing",
            time=tongue.moment(body["cut_at"]),
            open=f"{standing['open']:,}",
            overdue=f"{standing['overdue']:,}",
            soon=f"{standing['due-soon']:,}",
            unreceipted=f"{standing['unreceipted']:,}",
        ),
    ]
    behind = [row for row in body["departments"] if row["overdue"]][:3]
    if behind:
        names = tongue.text("brief.comma").join(f"{tongue.name(row['name'])} {row['overdue']:,}" for row in behind)
        told.append(tongue.text("brief.sentence.behind", names=names))
    return told


def plain(body: Mapping[str, Any], tongue: Tongue) -> str:
    """The brief for a phone: short lines, no table."""
    lines = [f"{tongue.name(body['title'])} {title(body, tongue)}", *sentences(body, tongue)]
    places = [row for row in body["towns"] if row["overdue"]][:PHONE_ROWS]
    if places:
        names = tongue.text("brief.comma").join(f"{tongue.name(row['name'])} {row['overdue']:,}" for row in places)
        lines.append(tongue.text("brief.sentence.places", names=names))
    for row in body["gravest"][:PHONE_ROWS]:
        late = late_words(row["late_seconds"], tongue)
        lines.append(
            f"· {tongue.text('common.level.' + str(row['level']))} {row['title']} {tongue.name(row['department'])} {late}"
        )
    return "\n".join(lines)


def late_words(seconds: int, tongue: Tongue) -> str:
    """`超期 1:35`, `超期 12 天`."""
    hours = seconds // 3600
    length = tongue.text("common.days", d=hours // 24) if hours >= 48 else f"{hours}:{seconds // 60 % 60:02d}"
    return tongue.text("common.clock.overdue", time=length)
