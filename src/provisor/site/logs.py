"""Logging: one JSON object per line on standard error, and the one place where secrets are taken out (R17)."""

import json
import re
from collections.abc import Iterable
from typing import Any

import structlog
from structlog.typing import EventDict, Processor, WrappedLogger

REDACTED = "[redacted]"

#: Fields whose value is never written, wherever they stand.
_SECRET_FIELD = re.compile(
    r"passw|secret|token|authorization|cookie|credential|session|api_?key|_key$", re.IGNORECASE
)
#: What a secret looks like inside a sentence, a traceback or an address.
_SECRET_TEXT = (
    re.compile(r"prv_[0-9A-Za-z]{8,}"),
    re.compile(r"(?<=\bBearer )[^\s\"'\\]+", re.IGNORECASE),
    re.compile(r"(?<=\bBasic )[A-Za-z0-9+/=_-]{8,}", re.IGNORECASE),
    re.compile(r"(?<=://)[^\s/@\"'\\]+:[^\s@\"'\\]*(?=@)"),
    # The link in an e-mail that sets a new password.
    re.compile(r"(?<=/password/reset/key/)[0-9A-Za-z]+-[^\s/\"'\\]+"),
)


class Redact:
    """Takes secrets out of a log event: by the name of a field, by their look, and the known ones by value."""

    def __init__(self, known: Iterable[str]) -> None:
        # Short values would blot out words; none of ours is short.
        self._known = sorted({secret for secret in known if len(secret) >= 8}, key=len, reverse=True)  # noqa: PLR2004

    def __call__(self, _logger: WrappedLogger, _method: str, event: EventDict) -> EventDict:
        return {name: self._value(name, value) for name, value in event.items()}

    def text(self, text: str) -> str:
        """Return the text without secrets."""
        for secret in self._known:
            text = text.replace(secret, REDACTED)
        for pattern in _SECRET_TEXT:
            text = pattern.sub(REDACTED, text)
        return text

    def _value(self, name: str, value: Any) -> Any:
        if _SECRET_FIELD.search(name):
            return REDACTED
        if isinstance(value, dict):
            return {key: self._value(str(key), held) for key, held in value.items()}
        if isinstance(value, (list, tuple, set, frozenset)):
            return [self._value("", held) for held in value]
        if value is None or isinstance(value, (bool, int, float)):
            return value
        return self.text(str(value))


def logging_settings(*, secrets: Iterable[str]) -> dict[str, Any]:
    """Return Django's `LOGGING`; `secrets` are values that must never be written, however they got there."""
    return {
        "version": 1,
        "disable_existing_loggers": False,
        "formatters": {"json": {"()": _formatter, "redact": Redact(secrets)}},
        "handlers": {"stderr": {"class": "logging.StreamHandler", "formatter": "json"}},
        "root": {"handlers": ["stderr"], "level": "INFO"},
        "loggers": {
            # Django's own handlers would write the same again, without redaction.
            "django": {"handlers": [], "level": "INFO", "propagate": True},
            "django.server": {"handlers": [], "level": "INFO", "propagate": True},
            # Values in SQL are personal data.
            "django.db.backends": {"level": "WARNING"},
            # a line or two for each wake-up
            "procrastinate": {"level": "WARNING"},
        },
    }


def configure_structlog() -> None:
    """Let `structlog.get_logger()` write through the same handler as everybody else."""
    structlog.configure(
        processors=[*_shared(), structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )


def _shared() -> list[Processor]:
    return [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.stdlib.PositionalArgumentsFormatter(),
        structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
        structlog.processors.StackInfoRenderer(),
        structlog.processors.format_exc_info,
    ]


def _formatter(redact: Redact) -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        foreign_pre_chain=_shared(),
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            redact,
            # A line break inside a value is escaped by JSON: nobody can forge a line.
            structlog.processors.JSONRenderer(serializer=json.dumps, ensure_ascii=False, sort_keys=True),
        ],
        # Records of other libraries carry their arguments apart; only the finished message is kept.
        keep_exc_info=False,
        keep_stack_info=False,
    )
