"""The shapes of forecasts and suggestions in the API."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from models.messages import Instant

Basis = Literal["history", "rule"]


def _words(text: str) -> str:
    if not text.strip():
        raise ValueError("Expected some words that say what was seen")
    return text.strip()


class SuggestionBody(BaseModel):
    """A text, and what else is known: nothing of it is kept."""

    model_config = ConfigDict(extra="forbid")

    description: Annotated[str, Field(max_length=4_000), AfterValidator(_words)]
    category: Annotated[str, Field(max_length=64)] | None = Field(None, description="where a person has chosen it")
    area: Annotated[str, Field(max_length=64)] | None = None
    source: Annotated[str, Field(max_length=64)] | None = None


class SuggestedCode(BaseModel):
    """A code and what it is called."""

    code: str
    name: str
    name_en: str


class Measured(BaseModel):
    """How often the right one came first, and among three, on the newest cases that were not learned from."""

    rows: int
    top1: float
    top3: float


class Suggestion(BaseModel):
    """Best first, three at most. A person confirms: nothing is set by it."""

    categories: list[SuggestedCode]
    departments: list[SuggestedCode]
    category_measured: Measured | None = Field(description="None while too few cases are closed to measure it")
    department_measured: Measured | None
    learned_from: int = Field(description="closed cases; 0: from the names of the categories only")
    learned_at: Instant | None


class BrierScore(BaseModel):
    """How the estimate and the rule did on the same judgements; 0 is perfect, lower is better."""

    department: str | None
    judged: int
    late: int
    history: float | None = Field(description="Brier score of the estimate from the department's past")
    rule: float | None = Field(description="of the rule (less than a fifth of the time left) with its own past rates")
    plain_rule: float | None = Field(description="of the rule as yes or no")
    used: Basis = Field(description="what is used for this department, because it did better")


class Forecast(BaseModel):
    """Will it be late? `chance` = weight × own + (1 − weight) × county; None where the rule is used."""

    basis: Basis
    likely: bool = Field(description="as counted by the state `will-be-late`")
    used: float = Field(description="share of its time that is used")
    chance: float | None
    own: float | None = Field(description="share of the department's cases, open at this point, that were late")
    county: float | None = Field(description="the same of the whole county")
    weight: float | None
    cases: int | None = Field(description="cases of the department that were open at this point")
    score: BrierScore | None = Field(description="how this did on the past; None: it was not judged yet")


class CalibrationRow(BaseModel):
    """Judgements of about this chance, and how many of them were late indeed."""

    forecast: float
    late: float
    judged: int


class BackTestAnswer(BaseModel):
    """The back-test of will-be-late: over all, by department, and how chances and outcomes agree."""

    learned_at: Instant | None
    first: Instant | None
    last: Instant | None
    looks: int
    whole: BrierScore | None
    departments: list[BrierScore]
    calibration: list[CalibrationRow]
