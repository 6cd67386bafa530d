"""Errors of hearing and understanding.

NlpError
├── UnreadableAudio          the bytes are no audio that we can decode (`reason`)
│   ├── NotAudio             another kind of file, or an error page saved as one
│   └── EmptyAudio           a header and nothing behind it, or nothing at all
├── NoSpeech                 decoded, but nobody speaks in it
├── AudioTooLong             longer than we take (`limit_s`)
├── UnreadableImage          the bytes are no picture that we can read (`reason`)
│   ├── NotAnImage           another kind of file, whatever its name says
│   ├── EmptyImage           nothing at all
│   ├── DamagedImage         cut off or broken on its way
│   ├── ImageTooBig          more bytes or pixels than we take
│   ├── ImageTooSmall        a side with too few pixels to hold letters
│   └── HeicUnsupported      an iPhone's own format, and the optional package for it is not installed
├── UnreadableFilm           the bytes are no film that we can open (`reason`)
├── ReadingTooLong           the picture's letters took longer than they may (`limit_s`)
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


class UnreadableFilm(NlpError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class UnreadableImage(NlpError):
    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


class NotAnImage(UnreadableImage):
    pass


class EmptyImage(UnreadableImage):
    pass


class DamagedImage(UnreadableImage):
    pass


class ImageTooBig(UnreadableImage):
    pass


class ImageTooSmall(UnreadableImage):
    pass


class HeicUnsupported(UnreadableImage):
    pass


class ReadingTooLong(NlpError):
    def __init__(self, limit_s: float) -> None:
        super().__init__(f"not read within {limit_s:.0f} s")
        self.limit_s = limit_s
