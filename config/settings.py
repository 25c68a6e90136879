"""Settings: the environment, read once into one frozen object by the entry points and nowhere else."""

from __future__ import annotations

import secrets
from ipaddress import ip_network
from pathlib import Path
from typing import Literal
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import Field, ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

HERE = Path(__file__).resolve().parent
Language = Literal["zh-CN", "en"]


class SettingsError(Exception):
    """A setting is wrong. The text is one sentence a.k.a. what a person at a terminal should read."""


class Settings(BaseSettings):
    """Everything a process may be told from outside. Names are `GRIDCOMMAND_` + field, upper case."""

    model_config = SettingsConfigDict(
        env_prefix="GRIDCOMMAND_", env_file=".env", env_file_encoding="utf-8", frozen=True, extra="ignore"
    )

    database_url: str = ""
    redis_url: str = ""
    secret_key: str = ""
    data: Path = Path("var")
    host: str = "127.0.0.1"
    port: int = Field(8050, ge=1, le=65533)
    push_port: int = Field(8051, ge=1, le=65535)
    video_port: int = Field(8052, ge=1, le=65535)
    timezone: str = "Asia/Shanghai"
    language: Language = "zh-CN"
    county: Path = HERE / "counties" / "yunze"
    public_url: str = ""
    clips: Path | None = None
    camera_networks: str = ""
    """Private networks that cameras may be in, such as `10.20.0.0/16,10.21.0.0/16`; others are refused (SSRF)."""
    exchange_networks: str = ""
    """Private networks that feeds of warnings and webhooks may be in, written the same way; others are refused."""

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise ValueError(f"no time zone is called {value!r}; expected a name such as Asia/Shanghai") from error
        return value

    @field_validator("database_url")
    @classmethod
    def _known_database(cls, value: str) -> str:
        if value and not value.startswith(("sqlite:///", "postgresql+psycopg://", "postgresql://")):
            raise ValueError("expected sqlite:///FILE or postgresql://USER@HOST/NAME")
        return value.replace("postgresql://", "postgresql+psycopg://", 1)

    @field_validator("redis_url")
    @classmethod
    def _known_redis(cls, value: str) -> str:
        if value and not value.startswith(("redis://", "rediss://", "unix://")):
            raise ValueError("expected redis://HOST:PORT, rediss://HOST:PORT or unix:///PATH")
        return value

    @field_validator("camera_networks", "exchange_networks")
    @classmethod
    def _known_networks(cls, value: str) -> str:
        for part in filter(None, (part.strip() for part in value.split(","))):
            try:
                ip_network(part)
            except ValueError as error:
                raise ValueError(f"{part!r} is no network; expected such as 10.20.0.0/16,10.21.0.0/16") from error
        return value

    @field_validator("public_url")
    @classmethod
    def _whole_url(cls, value: str) -> str:
        if value and not value.startswith(("http://", "https://")):
            raise ValueError("expected http://… or https://…")
        return value.rstrip("/")

    @property
    def zone(self) -> ZoneInfo:
        """The county's time zone; only screens and office-hour rules use it, storage is UTC."""
        return ZoneInfo(self.timezone)

    @property
    def database(self) -> str:
        """The SQLAlchemy address in force: the one named, or the embedded SQLite file."""
        return self.database_url or f"sqlite:///{self.data.resolve() / 'gridcommand.sqlite'}"

    @property
    def redis(self) -> str:
        """The Redis address in force: the one named, or the embedded server's private socket."""
        return self.redis_url or f"unix://{self.data.resolve() / 'run' / 'redis.sock'}"

    @property
    def embedded_redis(self) -> bool:
        return not self.redis_url

    def secret(self) -> str:
        """The signing and encryption key; made once and kept (mode 600) in the data folder where none is named."""
        if self.secret_key:
            return self.secret_key
        file = self.data / "secret-key"
        if not file.exists():
            self.data.mkdir(parents=True, exist_ok=True)
            file.touch(mode=0o600)
            file.write_text(secrets.token_urlsafe(48), encoding="ascii")
        return file.read_text(encoding="ascii").strip()


def from_environment() -> Settings:
    """Read the settings, or refuse in one sentence per wrong value.

    Raises:
        SettingsError: naming each variable, what came and what was expected.
    """
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for problem in error.errors():
            name = "GRIDCOMMAND_" + "_".join(str(part) for part in problem["loc"]).upper()
            lines.append(f"{name}={problem['input']!r}: {problem['msg'].removeprefix('Value error, ')}")
        raise SettingsError("Refusing to start: " + "; ".join(lines)) from error
