"""Draws the pictures of tests/data/screens anew.

python -m tests.screens tests/data/screens/dev --set dev --lines
python -m tests.screens tests/data/screens/sample --set sample --pictures bot/playground/sample --lines
"""

import argparse
from pathlib import Path

import numpy as np
from PIL import Image

from tests.screens.camera import camera, save
from tests.screens.reading import Recorder, write_lines
from tests.screens.script import Chat, scripts


def main() -> None:
    parser = argparse.ArgumentParser(
        prog="python -m tests.screens", description="Draws synthetic screenshots of chats."
    )
    parser.add_argument("out_dir", type=Path, help="where NAME.png and NAME.json go")
    parser.add_argument("--set", dest="folder", choices=("dev", "held", "sample"), default="dev", help="which scripts")
    parser.add_argument("--only", nargs="+", default=[], help="names of scripts; all without it")
    parser.add_argument("--lines", nargs="*", default=None, help="record what the engine reads, of these or of all")
    parser.add_argument("--pictures", type=Path, default=None, help="where the pictures go if not beside the truth")
    given = parser.parse_args()
    recorder = Recorder() if given.lines is not None else None
    with camera() as taker:
        for script in scripts(given.folder):
            if given.only and script.name not in given.only:
                continue
            picture, truth = taker.take(script)
            quality = script.style.quality if isinstance(script, Chat) else script.quality
            path = save(picture, truth, given.out_dir, script.name, quality, given.pictures)
            print(f"{path} {picture.width}x{picture.height} {path.stat().st_size // 1000} kB")
            if recorder is not None and (not given.lines or script.name in given.lines):
                with Image.open(path) as written:
                    lines = recorder.lines(np.asarray(written.convert("RGB")))
                write_lines(lines, given.out_dir / f"{script.name}.lines.json")


if __name__ == "__main__":
    main()
