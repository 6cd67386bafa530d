"""What a handler may have to know of the outside world's failures; bot.errors derives its own from these."""


class MediaLost(Exception):
    """Raised by `Context.fetch_media`: the platform has the file no more, and will not have it later."""
