"""Emergency plans (预案) as validated data: the nouns of `plans/*.toml`, and what makes one wrong.

A plan says who leads, which departments come, what each has to do in how many minutes, and which steps hang on an answer
that only the place can give. A county keeps its own in `plans/` of its folder; one that has none uses those that come
with the product, without the departments it does not have. All numbers in them are local examples.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated

from pydantic import ConfigDict, Field, PositiveInt

from config.sentences import say
from config.settings import HERE
from config.tables import Findings, Problem, likely, line_of_key, text_of, typed_toml

STRICT = ConfigDict(extra="forbid")
DEFAULT = HERE / "plans"
COMMANDER = "commander"
"""The role that every room has: 总指挥."""

Code = Annotated[str, Field(pattern=r"^[a-z][a-z0-9-]{1,39}$")]
Text = Annotated[str, Field(min_length=1, max_length=400)]
Minutes = Annotated[int, Field(ge=1, le=10_080)]
Grade = Annotated[int, Field(ge=1, le=4)]
"""A response level: 1 (Ⅰ, the gravest) to 4 (Ⅳ)."""
Placed = tuple[list[int | str], str]


@dataclass(frozen=True)
class Named:
    """Something of a plan with a code and a text in both languages: an objective, an option."""

    __pydantic_config__ = STRICT
    code: Code
    text: Text
    text_en: Text


@dataclass(frozen=True)
class Duty:
    """A role of the room; `name` is what the field calls it."""

    __pydantic_config__ = STRICT
    code: Code
    name: Text
    name_en: Text


@dataclass(frozen=True)
class Question:
    """What must be found out; steps hang on its answer."""

    __pydantic_config__ = STRICT
    code: Code
    text: Text
    text_en: Text
    options: Annotated[tuple[Named, ...], Field(min_length=2)]


@dataclass(frozen=True)
class When:
    """A step is needed only where this question was answered so."""

    __pydantic_config__ = STRICT
    question: Code
    answer: Code


@dataclass(frozen=True)
class Step:
    """A task of one department. Its clock begins when it opens: at the start, with the answer it hangs on (`when`), or
    when the step before it (`after`) is done. `life`: it saves lives and is done first. `from_level`: it belongs to
    responses of this level and graver ones only."""

    __pydantic_config__ = STRICT
    code: Code
    department: str
    text: Text
    text_en: Text
    minutes: Minutes
    objective: Code
    when: When | None = None
    after: Code | None = None
    life: bool = False
    from_level: Grade = 4


@dataclass(frozen=True)
class Clocks:
    """Minutes from the call until a department has received it, set out, arrived and finished."""

    __pydantic_config__ = STRICT
    received: Minutes
    departed: Minutes
    arrived: Minutes
    done: Minutes


@dataclass(frozen=True)
class Party:
    """A department of the plan; `clocks` where it has others than the plan's. `from_level`: it is called from this level
    upwards; one that begins lower and is raised calls it then."""

    __pydantic_config__ = STRICT
    department: str
    clocks: Clocks | None = None
    from_level: Grade = 4


@dataclass(frozen=True)
class Level:
    """A response level, 1 (Ⅰ) to 4 (Ⅳ): when it is chosen, and how often 续报 are due."""

    __pydantic_config__ = STRICT
    level: Grade
    when: Text
    when_en: Text
    follow_up_minutes: Minutes


@dataclass(frozen=True)
class Plan:
    """A whole plan."""

    __pydantic_config__ = STRICT
    code: Code
    name: Text
    name_en: Text
    source: Text
    """Where its numbers come from."""
    lead: str
    radius_m: Annotated[int, Field(ge=50, le=20_000)]
    """The perimeter that a room begins with, in metres."""
    category: str
    """CAP 1.2 category, as `info` has it."""
    silent_minutes: Minutes
    """How long a contact of a silent department has before the next one is called."""
    final_hours: PositiveInt
    """Hours after the end by which the final report is due."""
    clocks: Clocks
    levels: Annotated[tuple[Level, ...], Field(min_length=1, max_length=4)]
    roles: Annotated[tuple[Duty, ...], Field(min_length=1)]
    objectives: Annotated[tuple[Named, ...], Field(min_length=1)]
    parties: Annotated[tuple[Party, ...], Field(min_length=1)]
    steps: Annotated[tuple[Step, ...], Field(min_length=1)]
    questions: tuple[Question, ...] = ()

    @cached_property
    def departments(self) -> tuple[str, ...]:
        """Every department that it calls at its gravest, the lead first."""
        return self.called_at(1)

    def called_at(self, level: int) -> tuple[str, ...]:
        """The departments that it calls at this level, the lead first."""
        wanted = (party.department for party in self.parties if level <= party.from_level)
        return tuple(dict.fromkeys((self.lead, *wanted)))

    def from_level(self, department: str) -> int:
        """The mildest level at which it calls this department."""
        return next((party.from_level for party in self.parties if party.department == department), 4)

    def steps_of(self, departments: Collection[str], level: int) -> list[Step]:
        """What these departments have to do at this level."""
        return [step for step in self.steps if step.department in departments and level <= step.from_level]

    def clocks_of(self, department: str) -> Clocks:
        """The clocks of a department."""
        own = next((party.clocks for party in self.parties if party.department == department), None)
        return own or self.clocks


CAP_CATEGORIES = (
    "Geo", "Met", "Safety", "Security", "Rescue", "Fire", "Health", "Env", "Transport", "Infra", "CBRNE", "Other",
)  # fmt: skip


def faults(plan: Plan) -> Iterator[Placed]:
    """What the types alone cannot say: codes that are not there or twice, clocks that run backwards, a circle of steps."""
    if plan.category not in CAP_CATEGORIES:
        yield (
            ["category"],
            say(
                "Expected one of {expected}; came {category!r}.",
                expected=", ".join(CAP_CATEGORIES),
                category=plan.category,
            ),
        )
    yield from _twice(plan)
    yield from _clock_faults(["clocks"], plan.clocks)
    for i, party in enumerate(plan.parties):
        if party.clocks is not None:
            yield from _clock_faults(["parties", i, "clocks"], party.clocks)
        yield from _grade_faults(plan, ["parties", i, "from_level"], party.from_level)
        if party.department == plan.lead and party.from_level != 4:
            yield ["parties", i, "from_level"], say("The lead {lead!r} is called at every level.", lead=plan.lead)
    if COMMANDER not in {role.code for role in plan.roles}:
        yield ["roles"], say("Expected a role with the code {code!r}: every room has a commander.", code=COMMANDER)
    for i, step in enumerate(plan.steps):
        yield from _step_faults(plan, i, step)
    used = {step.objective for step in plan.steps}
    for i, objective in enumerate(plan.objectives):
        if objective.code not in used:
            yield ["objectives", i, "code"], say("No step serves the objective {code!r}.", code=objective.code)
    asked = {step.when.question for step in plan.steps if step.when}
    for i, question in enumerate(plan.questions):
        if question.code not in asked:
            yield ["questions", i, "code"], say("No step hangs on the question {code!r}.", code=question.code)


def _twice(plan: Plan) -> Iterator[Placed]:
    for key, codes in (
        ("levels", [str(level.level) for level in plan.levels]),
        ("roles", [role.code for role in plan.roles]),
        ("objectives", [objective.code for objective in plan.objectives]),
        ("parties", [party.department for party in plan.parties]),
        ("questions", [question.code for question in plan.questions]),
        ("steps", [step.code for step in plan.steps]),
    ):
        for i, code in enumerate(codes):
            if code in codes[:i]:
                yield [key, i], say("Expected each once; {code!r} stands there twice.", code=code)


def _clock_faults(keys: list[int | str], clocks: Clocks) -> Iterator[Placed]:
    minutes = [clocks.received, clocks.departed, clocks.arrived, clocks.done]
    if minutes != sorted(minutes):
        yield (
            keys,
            say("Expected received ≤ departed ≤ arrived ≤ done; came {minutes}.", minutes=", ".join(map(str, minutes))),
        )


def _grade_faults(plan: Plan, keys: list[int | str], grade: int) -> Iterator[Placed]:
    gravest = min(level.level for level in plan.levels)
    if grade < gravest:
        yield (
            keys,
            say("The plan knows no level as grave as {grade}; its gravest is {gravest}.", grade=grade, gravest=gravest),
        )


def _step_faults(plan: Plan, i: int, step: Step) -> Iterator[Placed]:
    yield from _grade_faults(plan, ["steps", i, "from_level"], step.from_level)
    if step.department not in plan.departments:
        known = plan.departments
        sentence = say(
            "The plan does not call the department {code!r}{hint}.",
            code=step.department,
            hint=likely(step.department, known),
        )
        yield ["steps", i, "department"], sentence
    objectives = [objective.code for objective in plan.objectives]
    if step.objective not in objectives:
        sentence = say(
            "No objective has the code {code!r}{hint}.", code=step.objective, hint=likely(step.objective, objectives)
        )
        yield ["steps", i, "objective"], sentence
    if step.when is not None:
        options = {question.code: [option.code for option in question.options] for question in plan.questions}
        answers = options.get(step.when.question)
        if answers is None:
            sentence = say(
                "No question has the code {code!r}{hint}.",
                code=step.when.question,
                hint=likely(step.when.question, options),
            )
            yield ["steps", i, "when"], sentence
        elif step.when.answer not in answers:
            sentence = say(
                "{question!r} cannot be answered {answer!r}; expected {expected}.",
                question=step.when.question,
                answer=step.when.answer,
                expected=", ".join(answers),
            )
            yield ["steps", i, "when"], sentence
    if step.after is not None:
        before = {other.code: other.after for other in plan.steps}
        if step.after not in before:
            sentence = say("No step has the code {code!r}{hint}.", code=step.after, hint=likely(step.after, before))
            yield ["steps", i, "after"], sentence
        elif step.code in _chain(step.after, before):
            yield ["steps", i, "after"], say("The step {code!r} would wait for itself.", code=step.code)


def _chain(code: str | None, before: Mapping[str, str | None]) -> list[str]:
    found: list[str] = []
    while code is not None and code not in found:
        found.append(code)
        code = before.get(code)
    return found


def read(
    folder: Path, departments: Collection[str] | None, problems: list[Problem], own: Path | None = None
) -> dict[str, Plan]:
    """The plans of a county by code: of its folder `plans/`, or those that come with the product where it has none.

    Args:
        departments: the county's; the product's own plans may name others, which a county without them leaves out.
        own: where the county's folder keeps them, for tests; `folder/plans` where none is given.
    """
    there = own or folder / "plans"
    is_own = there.is_dir()
    plans: dict[str, Plan] = {}
    for path in sorted((there if is_own else DEFAULT).glob("*.toml")):
        findings = Findings(f"plans/{path.name}", problems)
        plan = one(path, departments if is_own else None, findings)
        if plan is None:
            continue
        if plan.code in plans:
            line = line_of_key(text_of(path, findings) or "", ["code"])
            findings.add(line, "code", say("Another plan has the code {code!r} already.", code=plan.code))
        plans[plan.code] = plan
    return plans


def one(path: Path, departments: Collection[str] | None, findings: Findings) -> Plan | None:
    """The plan of a file, with every fault that it has among the findings; None where it is no plan at all."""
    plan = typed_toml(path, Plan, findings)
    if plan is not None:
        text = text_of(path, findings) or ""
        for keys, sentence in (*faults(plan), *_strangers(plan, departments)):
            findings.add(line_of_key(text, keys), ".".join(map(str, keys)), sentence)
    return plan


def _strangers(plan: Plan, departments: Collection[str] | None) -> Iterator[Placed]:
    if departments is None:
        return
    if plan.lead not in departments:
        yield (
            ["lead"],
            say("No department has the code {code!r}{hint}.", code=plan.lead, hint=likely(plan.lead, departments)),
        )
    for i, party in enumerate(plan.parties):
        if party.department not in departments:
            sentence = say(
                "No department has the code {code!r}{hint}.",
                code=party.department,
                hint=likely(party.department, departments),
            )
            yield ["parties", i, "department"], sentence
