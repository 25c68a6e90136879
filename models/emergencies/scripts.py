"""A drill's script: who does what at which minute. Pure; `gridcommand drill` plays it through the door."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import ConfigDict, Field

from config.plans import Plan

STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True)
class Act:
    """One thing that somebody does: a department, or the centre where none is named."""

    __pydantic_config__ = STRICT
    at: Annotated[float, Field(ge=0, le=10_080)]
    """Minutes after the start."""
    action: str
    department: str | None = None
    fields: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class Script:
    """A whole drill."""

    __pydantic_config__ = STRICT
    acts: tuple[Act, ...]


def scripted(plan: Plan, level: int, silent: Collection[str] = ()) -> Script:
    """A response as the plan wants it at this level, a little before each of its clocks; `silent` departments answer only when their
    second contact was called."""
    acts = [Act(1.0 + n * 0.5, "answer", None, _first(question)) for n, question in enumerate(plan.questions)]
    called = plan.called_at(level)
    for department in called:
        clocks = plan.clocks_of(department)
        late = 2.5 * plan.silent_minutes + clocks.received if department in silent else 0.0
        acts.append(Act(max(0.6 * clocks.received, late), "receive", department))
        acts.append(Act(max(0.8 * clocks.departed, late + 0.5), "depart", department))
        acts.append(Act(max(0.9 * clocks.arrived, late + 1.0), "arrive", department))
        acts.append(Act(0.9 * clocks.done, "finish", department, {"note": "按预案处置完毕"}))
    answered = {question.code: question.options[0].code for question in plan.questions}
    for step in plan.steps_of(called, level):
        if step.when is not None and answered.get(step.when.question) != step.when.answer:
            continue
        before = next((one.minutes for one in plan.steps if one.code == step.after), 0)
        opened = 1.0 + 0.5 * len(plan.questions) + 0.8 * before
        acts.append(Act(opened + 0.8 * step.minutes, "do", step.department, {"task": step.code}))
    return Script(tuple(sorted(acts, key=lambda act: act.at)))


def _first(question: Any) -> dict[str, str]:
    return {"question": question.code, "answer": question.options[0].code}
