"""Every state × every action × every role of an emergency against a table written by hand; what hangs on fields; the
agenda of its clocks; reports that never say a thing twice."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from config.plans import read
from config.tables import Problem
from models.emergencies.agenda import opened
from models.emergencies.drafting import Words, compose
from models.emergencies.moves import MOVES, check, open_moves
from models.emergencies.nouns import Progress, RoleNow, Standing, State, TaskNow, TaskState
from models.emergencies.scoring import score
from models.moves import Actor, Refused, Role

EXPECTED = Path(__file__).with_name("expected_emergency_moves.txt")
ROWS = {
    cells[0]: [frozenset(cell.split()) for cell in cells[1:]]
    for cells in (
        [cell.strip() for cell in line.split("|")]
        for line in EXPECTED.read_text(encoding="utf-8").splitlines()
        if line and not line.startswith("#")
    )
}
NOW = datetime(2026, 11, 18, 2, 0, tzinfo=UTC)


def whole(action: str, state: State) -> Standing:
    """A room in which everything that an action can wait for waits, so that only the table decides."""
    progress = {"depart": Progress.RECEIVED, "arrive": Progress.DEPARTED, "finish": Progress.ARRIVED}
    return Standing(
        state=state,
        starter="somebody else",
        level=3,
        lead="D2",
        life=action == "ratify",
        parties={"D1": progress.get(action, Progress.CALLED), "D2": Progress.CALLED},
        tasks={"t": TaskNow(TaskState.OPEN, "D1")},
        roles={
            "commander": RoleNow("me", "me" if action in ("accept-role", "decline-role", "recall-role") else None),
        },
        questions={"q": ("yes", "no")},
        objectives={"o": False},
        reports={} if action == "draft-report" else {1: False},
        departments=frozenset({"D1", "D2", "D3"}),
    )


def said(action: str) -> dict[str, Any]:
    given: dict[str, Any] = {
        "note": "weil", "department": "D1", "finding": "approved", "level": "2", "radius_m": 500, "role": "commander",
        "account": "other", "question": "q", "answer": "yes", "task": "t", "minutes": 5, "objective": "o",
        "report": 1, "elements": {"x": "y"}, "to": "县政府",
    }  # fmt: skip
    return given | {"call": {"department": "D3"}}.get(action, {})


def outcome(action: str, state: State, role: Role) -> str:
    actor = Actor("me", role, department="D1" if role is Role.DEPARTMENT else None)
    try:
        move = check(action, whole(action, state), actor, said(action))
        return str(move.to) if move.to else "="
    except Refused as refusal:
        assert str(refusal).endswith(".") and len(str(refusal)) > 20
        return "refused"


def test_the_table_and_the_expectation_name_the_same_moves() -> None:
    assert set(ROWS) == set(MOVES)


def differences() -> list[str]:
    """Where the table and what the field says differ: every state, action and role."""
    wrong = []
    for state, action, role in product(State, ROWS, Role):
        states, roles, to, _needs = ROWS[action]
        wanted = next(iter(to)) if str(state) in states and str(role) in roles else "refused"
        came = outcome(action, state, role)
        if came != wanted:
            wrong.append(f"{role} {action} in {state}: {came}, expected {wanted}")
    return wrong


def test_every_state_action_and_role_is_as_the_field_says() -> None:
    assert differences() == []
    assert len(State) * len(ROWS) * len(Role) == 5 * 29 * 9


def test_a_table_that_lets_another_role_in_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    assert outcome("offer-role", State.RUNNING, Role.GRID) == "refused"
    monkeypatch.setitem(
        MOVES, "offer-role", replace(MOVES["offer-role"], roles=MOVES["offer-role"].roles | {Role.GRID})
    )
    assert [one for one in differences() if one.startswith("grid offer-role in running")]


@pytest.mark.parametrize("action", ROWS)
def test_what_must_be_said_must_be_said(action: str) -> None:
    state = State(sorted(ROWS[action][0])[0])
    role = Role.OPERATOR
    for name in ROWS[action][3]:
        with pytest.raises(Refused, match=f"'{name}' must be given|must be named|There is no"):
            check(action, whole(action, state), Actor("me", role), {**said(action), name: None})


def test_what_is_refused_later_is_not_offered_as_a_button() -> None:
    standing = whole("end", State.RUNNING)
    assert "end" in open_moves(standing, Actor("me", Role.OPERATOR))
    assert "end" not in open_moves(standing, Actor("other", Role.OPERATOR))
    assert "cancel" not in open_moves(replace(standing, state=State.ENDED, life=True), Actor("me", Role.DUTY))
    assert open_moves(standing, Actor("x", Role.DEPARTMENT, department="D9")) == []
    assert open_moves(standing, Actor("x", Role.GRID)) == []


def step(code: str, when: tuple[str, str] | None = None, after: str | None = None) -> Any:
    asked = SimpleNamespace(question=when[0], answer=when[1]) if when else None
    return SimpleNamespace(code=code, when=asked, after=after)


def test_steps_open_with_their_answer_and_after_their_step_and_what_ended_stays() -> None:
    steps = [step("a"), step("b", ("q", "yes")), step("c", None, "a"), step("d", ("q", "no"))]
    waiting = dict.fromkeys("abcd", TaskState.WAITING)
    assert opened(steps, {}, waiting) == {"a": TaskState.OPEN}
    now = waiting | {"a": TaskState.OPEN}
    assert opened(steps, {"q": "yes"}, now) == {"b": TaskState.OPEN, "d": TaskState.NEEDLESS}
    now |= {"a": TaskState.DONE, "b": TaskState.DONE, "d": TaskState.NEEDLESS}
    assert opened(steps, {"q": "no"}, now) == {"c": TaskState.OPEN, "d": TaskState.OPEN}


def words() -> Words:
    def text(key: str, **values: object) -> str:
        shown = "".join(str(values.get(name, "")) for name in ("actor", "department", "note"))
        return f"{key.rsplit('.', 1)[1]}:{shown}"

    return Words("zh-CN", text, str, lambda at: f"{at:%H:%M}", str, str, lambda row: "地点", lambda plan: "防汛", {})


def line(number: int, act: str, note: str = "", **detail: Any) -> Any:
    return SimpleNamespace(
        id=number, act=act, at=NOW + timedelta(minutes=number), actor="op", department="xf", note=note, detail=detail
    )


def test_a_follow_up_never_repeats_what_was_said_and_an_initial_report_has_every_element() -> None:
    row = SimpleNamespace(
        started_at=NOW, happened_at=NOW, origin="point", reference="", level=2, note="超警", radius_m=800, running_at=NOW,
        ended_at=None,
    )  # fmt: skip
    room = SimpleNamespace(row=row, plan=None, roles=[], parties=[], tasks=[])
    lines = [line(1, "start"), line(2, "receive"), line(3, "tell", "堤脚渗水", element="situation")]
    first = dict(compose("initial", room, lines, 0, words(), NOW))
    assert list(first) == [
        "received", "source", "happened", "place", "nature", "extent", "losses", "trend", "leaders", "measures", "advice",
    ]  # fmt: skip
    assert "堤脚渗水" in first["measures"]
    lines += [line(4, "arrive"), line(5, "tell", "一人轻伤", element="losses"), line(6, "draft-report")]
    second = dict(compose("follow-up", room, lines, 3, words(), NOW))
    assert set(second) == {"losses", "measures"}
    assert "receive" not in second["measures"] and "arrive" in second["measures"] and "draft" not in second["measures"]
    assert dict(compose("follow-up", room, lines, 6, words(), NOW)) == {"situation": "no_news:"}
    lines += [line(7, "tell", "水位回落", element="trend"), line(8, "tell", "渗水点封堵")]
    after = dict(compose("final", room, lines, 6, words(), NOW))["aftermath"]
    assert "水位回落" in after and "渗水点封堵" in after and "一人轻伤" not in after


def party(**times: Any) -> Any:
    due = {
        f"{name}_due_at": NOW + timedelta(minutes=n)
        for name, n in (("received", 3), ("departed", 10), ("arrived", 30), ("done", 60))
    }
    at: dict[str, Any] = dict.fromkeys(("received_at", "departed_at", "arrived_at", "done_at"))
    at |= {f"{name}_at": NOW + timedelta(minutes=minutes) for name, minutes in times.items()}
    return SimpleNamespace(state="called", called_at=NOW, **due, **at)


def test_the_score_counts_what_was_due_and_leaves_out_what_was_passed_over() -> None:
    found = score(
        [party(received=2, departed=12), party(received=1, done=20), party()], [], NOW + timedelta(minutes=15)
    )
    assert (found.in_time, found.late, found.missed) == (3, 1, 2)
    assert found.percent == 50.0
    assert score([], [], NOW).percent is None


def test_the_plans_that_come_with_the_product_are_sound_and_fit_the_demonstration_county() -> None:
    from config.reference import load
    from config.settings import HERE

    county = load(HERE / "counties" / "yunze", geometry_checks=False)
    assert len(county.plans) >= 8
    for plan in county.plans.values():
        assert set(plan.departments) <= set(county.departments)
        assert all(len(county.departments[code].contacts) == 3 for code in plan.departments)
        assert any(one.life for one in plan.steps) and any(one.when for one in plan.steps)


def test_every_fault_of_a_plan_is_named_with_file_and_line(tmp_path: Path) -> None:
    from config.plans import DEFAULT

    folder = tmp_path / "plans"
    folder.mkdir()
    text = (DEFAULT / "fire.toml").read_text(encoding="utf-8")
    text = text.replace('answer = "yes"', 'answer = "perhaps"', 1).replace("arrived = 12", "arrived = 900", 1)
    text = text.replace('lead = "xf"', 'lead = "xx"').replace('after = "attack"', 'after = "attak"', 1)
    (folder / "fire.toml").write_text(text, encoding="utf-8")
    problems: list[Problem] = []
    read(tmp_path, {"xf", "ga", "wj", "dl", "gs", "yj", "hb", "zj"}, problems)
    found = [str(problem) for problem in problems]
    assert all(problem.file == "plans/fire.toml" and problem.line for problem in problems)
    assert any("cannot be answered 'perhaps'" in one for one in found)
    assert any("received ≤ departed ≤ arrived ≤ done" in one for one in found)
    assert any("No department has the code 'xx'" in one for one in found)
    assert any("did you mean 'attack'" in one for one in found)


def test_a_plan_calls_its_lead_at_every_level_and_nobody_at_one_that_it_does_not_know() -> None:
    from config.plans import DEFAULT, faults
    from models.emergencies.rooms import plan_body, plan_of

    problems: list[Problem] = []
    whole = plan_body(read(DEFAULT, None, problems, DEFAULT)["fire"])
    assert plan_of(whole).called_at(4) == ("xf", "ga", "wj", "dl", "yj")
    assert set(plan_of(whole).called_at(3)) == set(plan_of(whole).departments)
    whole["levels"] = [one for one in whole["levels"] if one["level"] >= 3]
    for party in whole["parties"]:
        party["from_level"] = 3 if party["department"] == "xf" else 2 if party["department"] == "ga" else 4
    found = [sentence for _, sentence in faults(plan_of(whole))]
    assert found == [
        "The lead 'xf' is called at every level.",
        "The plan knows no level as grave as 2; its gravest is 3.",
    ]
