"""Sound files made on the spot, good and broken, so that none has to be kept."""

import io
from typing import Any

import av
import numpy as np
from numpy.typing import NDArray

RATE_HZ = 16_000
AMR_HEADER = b"#!AMR\n"
AMR_WB_HEADER = b"#!AMR-WB\n"
NO_DATA = b"\x7c"
"""An AMR frame that says that nothing was sent: discontinuous transmission in a pause."""

FORMATS = {
    "amr": ("amr", "libopencore_amrnb", 8_000),
    "3gp": ("3gp", "libopencore_amrnb", 8_000),
    "ogg opus": ("ogg", "libopus", 48_000),
    "webm opus": ("webm", "libopus", 48_000),
    "m4a": ("mp4", "aac", 16_000),
    "aac": ("adts", "aac", 16_000),
    "mp3": ("mp3", "libmp3lame", 16_000),
    "wav": ("wav", "pcm_s16le", 16_000),
    "flac": ("flac", "flac", 16_000),
    "caf": ("caf", "pcm_s16le", 16_000),
    "aiff": ("aiff", "pcm_s16be", 16_000),
}


def tone(duration_s: float = 1.0, *, level: float = 0.3) -> NDArray[np.float32]:
    at_s = np.arange(round(duration_s * RATE_HZ)) / RATE_HZ
    sound: NDArray[np.float32] = (level * np.sin(2 * np.pi * 440 * at_s)).astype(np.float32)
    return sound


def encoded(name: str, samples: NDArray[np.float32] | None = None) -> bytes:
    """`samples` (16 kHz, mono; a second's tone by default) as a file of the format."""
    container_name, codec, rate_hz = FORMATS[name]
    sound = tone() if samples is None else samples
    frame = av.AudioFrame.from_ndarray((sound * 32767).astype(np.int16).reshape(1, -1), format="s16", layout="mono")
    frame.sample_rate = RATE_HZ
    written = io.BytesIO()
    with av.open(written, "w", format=container_name) as container:
        stream: Any = container.add_stream(codec, rate=rate_hz)
        stream.layout = "mono"
        if codec == "libopencore_amrnb":
            stream.bit_rate = 12_200
        resampler = av.AudioResampler(
            format=stream.format.name, layout="mono", rate=rate_hz, frame_size=stream.codec_context.frame_size or 0
        )
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            container.mux(stream.encode(part))
        container.mux(stream.encode(None))
    return written.getvalue()


def silk(samples: NDArray[np.float32] | None = None) -> bytes:
    """As WeChat writes it, with a 0x02 before the magic word; needs silk-python."""
    import pysilk

    sound = tone() if samples is None else samples
    written = io.BytesIO()
    pysilk.encode(io.BytesIO((sound * 32767).astype("<i2").tobytes()), written, RATE_HZ, 16_000)
    return written.getvalue()
