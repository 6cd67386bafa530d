"""Errors of the outside world.

BotError
├── ConfigError              config.toml cannot be used as it is
└── PlatformError            a platform refused a call, or could not be reached
    ├── PlatformBusy         try again, after `retry_after_s` where given (busy, time-out, frequency limit)
    ├── TokenRejected        the access token was refused, once more after a refresh
    ├── NotPermitted         set-up: permission, trusted IP, wrong id; an admin must act (`hint`)
    ├── RecipientUnreachable this person cannot be reached (left, outside the visible range)
    ├── MustWriteFirst       no way to this person until they write to us again
    ├── ContentRefused       this message will never be accepted as it is (card not allowed, too long)
    ├── QuotaSpent           today's allowance is used up; `retry_after_s` where known
    ├── MediaGone            the file is no longer there, or never was
    └── MediaTooBig          the file is larger than we take
"""

from handlers.errors import MediaLost


class BotError(Exception):
    pass


class ConfigError(BotError):
    pass


class PlatformError(BotError):
    """`api` is the call that failed, `code` the platform's own, `hint` a Chinese sentence for the admin.

    The platform's message text is kept out: it carries addresses and, at times, what people wrote.
    """

    def __init__(
        self, api: str, code: int | str | None = None, *, hint: str = "", retry_after_s: float | None = None
    ) -> None:
        super().__init__(f"{api}: {code if code is not None else 'no answer'}")
        self.api = api
        self.code = code
        self.hint = hint
        self.retry_after_s = retry_after_s


class PlatformBusy(PlatformError):
    pass


class TokenRejected(PlatformError):
    pass


class NotPermitted(PlatformError):
    pass


class RecipientUnreachable(PlatformError):
    pass


class MustWriteFirst(PlatformError):
    pass


class ContentRefused(PlatformError):
    pass


class QuotaSpent(PlatformError):
    pass


class MediaGone(PlatformError, MediaLost):
    pass


class MediaTooBig(PlatformError):
    pass
