"""How much our pipeline adds to faster-whisper: our time for a note of 60 s ÷ faster-whisper's own on the same file.

Both use the same model and settings (eight-bit weights, one thread, batched, beam 5, search for speech) and begin with
the bytes of the file. Ours also finds when each phrase was said, converts to Simplified and judges what was heard. The
runs alternate, so that a busy machine slows both; what counts is the median of the ratios of neighbouring runs.

    python benchmarks/speech.py [--runs 7]
"""

import argparse
import asyncio
import io
import json
import statistics
import sys
import time
from pathlib import Path
from typing import Any

import faster_whisper

from nlp.audio import AMR_FRAME_BYTES, AMR_FRAME_S, AMR_HEADER, split_amr
from nlp.speech import SpeechListener
from nlp.speech_models import locate
from nlp.whisper import FasterWhisperEngine, decoding

NOTE = Path(__file__).parent.parent / "bot" / "playground" / "sample" / "visit.amr"
DURATION_S = 60.0
ALLOWED_RATIO = 1.10


def note_of(duration_s: float) -> bytes:
    """The sample voice note again and again, cut at `duration_s`."""
    frames, _ = split_amr(NOTE.read_bytes().removeprefix(AMR_HEADER), AMR_FRAME_BYTES, most=10_000)
    wanted = round(duration_s / AMR_FRAME_S)
    repeated = frames * (wanted // len(frames) + 1)
    return AMR_HEADER + b"".join(repeated[:wanted])


def raw(pipeline: Any, audio: bytes) -> float:
    started = time.perf_counter()
    segments, _ = pipeline.transcribe(faster_whisper.decode_audio(io.BytesIO(audio)), **decoding("zh"))
    assert "".join(segment.text for segment in segments)
    return time.perf_counter() - started


async def ours(listener: SpeechListener, audio: bytes) -> float:
    started = time.perf_counter()
    transcript = await listener.listen(audio)
    assert transcript.text
    return time.perf_counter() - started


async def measure(runs: int, models_dir: Path) -> dict[str, Any]:
    folder = await locate("auto", hub="", models_dir=models_dir)
    model = faster_whisper.WhisperModel(str(folder), device="cpu", compute_type="int8", cpu_threads=1)
    pipeline = faster_whisper.BatchedInferencePipeline(model)
    engine = FasterWhisperEngine(str(folder), models_dir=models_dir)
    listener = SpeechListener(engine)
    audio = note_of(DURATION_S)
    await engine.load()
    raw(pipeline, audio)
    raw_s, ours_s = [], []
    for run in range(runs):
        # Who goes first changes, too.
        if run % 2:
            ours_s.append(await ours(listener, audio))
        raw_s.append(raw(pipeline, audio))
        if not run % 2:
            ours_s.append(await ours(listener, audio))
    await engine.close()
    ratio = statistics.median(mine / theirs for mine, theirs in zip(ours_s, raw_s, strict=True))
    return {
        "note_s": DURATION_S,
        "runs": runs,
        "raw_median_s": round(statistics.median(raw_s), 2),
        "ours_median_s": round(statistics.median(ours_s), 2),
        "ratio": round(ratio, 3),
        "allowed": ALLOWED_RATIO,
        "verdict": "ok" if ratio <= ALLOWED_RATIO else "too slow",
    }


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runs", type=int, default=7)
    parser.add_argument("--models-dir", type=Path, default=Path("data/models"))
    args = parser.parse_args()
    result = asyncio.run(measure(args.runs, args.models_dir))
    print(json.dumps(result, ensure_ascii=False))
    return 0 if result["verdict"] == "ok" else 1


if __name__ == "__main__":
    sys.exit(main())
