"""Who may open which camera for what: every pair of role and purpose, every gap of the register, every area."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.cameras import with_credentials
from models.moves import Role
from models.watching.rights import ACCOUNTABLE, Purpose, Subject, gaps, may_see, plain_roles, purposes, refusal

TODAY = date(2026, 11, 25)
ENTRY = {"purpose": "道路", "legal_basis": "条例", "owner": "ga", "sign": "立牌", "mask_review": date(2026, 6, 6)}
CAMERA = Subject("1", "grid-1", "town-1", frozenset(), ())

MATRIX = {
    "case": "duty operator leader system",
    "emergency": "duty operator leader system",
    "inspection": "duty operator leader system",
    "maintenance": "operator admin",
    "display": "duty operator leader display system",
}


@pytest.mark.parametrize("purpose", list(Purpose))
def test_role_and_purpose_equal_the_written_matrix(purpose: Purpose) -> None:
    allowed = {str(role) for role in Role if refusal(role, None, CAMERA, purpose) is None}
    assert allowed == set(MATRIX[purpose].split())


def test_nobody_who_judges_or_reports_sees_a_camera_at_all() -> None:
    assert [role for role in Role if not may_see(role, None, CAMERA)] == [Role.DEPARTMENT, Role.GRID, Role.AUDITOR]


def test_the_administrator_opens_a_camera_only_to_maintain_it() -> None:
    assert purposes(Role.ADMIN) == (Purpose.MAINTENANCE,)


@pytest.mark.parametrize("missing", ACCOUNTABLE)
def test_one_empty_field_of_the_register_is_enough_to_show_nothing(missing: str) -> None:
    found = gaps(ENTRY | {missing: None if missing == "mask_review" else ""}, TODAY, 365)
    assert found == (missing,)
    assert refusal(Role.DUTY, None, Subject("1", None, None, frozenset(), found), Purpose.CASE) == "register"


def test_an_overdue_review_shows_nothing_until_it_is_done() -> None:
    reviewed = TODAY - timedelta(days=365)
    assert gaps(ENTRY | {"mask_review": reviewed}, TODAY, 365) == ()
    overdue = gaps(ENTRY | {"mask_review": reviewed - timedelta(days=1)}, TODAY, 365)
    assert overdue == ("review_overdue",)
    assert refusal(Role.ADMIN, None, Subject("1", None, None, frozenset(), overdue), Purpose.MAINTENANCE) == "review"


def test_a_review_in_the_future_never_took_place() -> None:
    assert gaps(ENTRY | {"mask_review": TODAY + timedelta(days=2)}, TODAY, 365) == ("mask_review",)


@given(st.sampled_from(Role), st.sampled_from(Purpose), st.text(min_size=1, max_size=8))
def test_an_account_of_another_area_is_answered_as_if_there_were_no_camera(
    role: Role, purpose: Purpose, area: str
) -> None:
    elsewhere = refusal(role, f"x{area}", CAMERA, purpose)
    assert elsewhere == refusal(role, f"x{area}", None, purpose)
    assert elsewhere in ("unknown", "purpose")


@pytest.mark.parametrize("area", [None, "grid-1", "town-1"])
def test_a_grid_and_its_town_hold_the_camera(area: str | None) -> None:
    assert refusal(Role.DUTY, area, CAMERA, Purpose.INSPECTION) is None


def test_a_reserved_camera_is_for_its_roles_and_for_maintenance() -> None:
    reserved = Subject("1", None, None, frozenset({"duty"}), ())
    assert refusal(Role.DUTY, None, reserved, Purpose.CASE) is None
    assert refusal(Role.DISPLAY, None, reserved, Purpose.DISPLAY) == "reserved"
    assert refusal(Role.LEADER, None, reserved, Purpose.CASE) == "reserved"
    assert refusal(Role.ADMIN, None, reserved, Purpose.MAINTENANCE) is None


def test_only_roles_that_watch_can_be_reserved_for() -> None:
    assert plain_roles(["leader", "duty"]) == ["duty", "leader"]
    with pytest.raises(ValueError, match="came grid"):
        plain_roles(["grid"])


@pytest.mark.parametrize(
    ("address", "credentials", "whole"),
    [
        ("rtsp://10.1.1.1/1", "admin:p@ss/1", "rtsp://admin:p%40ss%2F1@10.1.1.1/1"),
        ("rtsp://u:p@10.1.1.1/1", "admin:other", "rtsp://u:p@10.1.1.1/1"),
        ("rtsp://10.1.1.1/1", None, "rtsp://10.1.1.1/1"),
        ("demo:river", "a:b", "demo:river"),
    ],
)
def test_credentials_are_put_before_the_host(address: str, credentials: str | None, whole: str) -> None:
    assert with_credentials(address, credentials) == whole
