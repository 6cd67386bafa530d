"""Errors of hearing and understanding.

NlpError
├── UnreadableAudio          the bytes are no audio that we can decode (`reason`)
│   ├── NotAudio             another kind of file, or an error page saved as one
│   └── EmptyAudio           a header and nothing behind it, or nothing at all
├── NoSpeech                 decoded, but nobody speaks in it
├── AudioTooLong             longer than we take (`limit_s`)
└── EngineUnavailable        the model or the endpoint cannot be used now (`hint`, in Chinese)
"""


class NlpError(Exception):
    pass


class UnreadableAudio(NlpError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAudio(UnreadableAudio):
    pass


class EmptyAudio(UnreadableAudio):
    pass


class NoSpeech(NlpError):
    pass


class AudioTooLong(NlpError):
    def __init__(self, duration_s: float, limit_s: float) -> None:
        super().__init__(f"{duration_s:.0f} s of audio, limit {limit_s:.0f} s")
        self.duration_s = duration_s
        self.limit_s = limit_s


class EngineUnavailable(NlpError):
    def __init__(self, reason: str, hint: str = "") -> None:
        super().__init__(reason)
        self.hint = hint
