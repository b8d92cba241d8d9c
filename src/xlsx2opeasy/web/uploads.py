"""Workbooks that were uploaded, in folders of the home; the page never takes a path.

`HOME/web/ID/N/NAME` is the workbook after N corrections; only the latest is kept. What was never loaded is
removed a day after it was last touched.
"""

import contextlib
import hashlib
import json
import re
import secrets
import shutil
import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import Any

from xlsx2opeasy.check.checked import Checked
from xlsx2opeasy.durable import make_folder, what_helps, why_refused, write_file
from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.results.output import free_name
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.model import folded
from xlsx2opeasy.workbook.mapping import ListMapping, SheetMapping

KEPT_SECONDS = 24 * 3600.0
USED_SECONDS = 2 * 3600.0
"""How long a person may think about one page of an upload before its password is asked for again."""
_ID = re.compile(r"[a-z2-7]{16}")
_MAPPINGS = "mappings.json"
_ALPHABET = "abcdefghijklmnopqrstuvwxyz234567"
_MADE = re.compile(r"\.(results|rehearsal|corrected|marked)(-\d+)?$")
"""What our own files are called after; one such word is enough."""
_LONGEST_NAME = 120
_UNFIT = re.compile(r'[\x00-\x1f\x7f-\x9f<>:"|?*\u200e\u200f\u202a-\u202e\u2066-\u2069]')
_RESERVED = re.compile(r"(?i)(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)")


@dataclass
class Upload:
    """An uploaded workbook; `revision` counts its corrections.

    `mappings` are by the sheets that were matched on the page. `asks` says whether the load that was begun
    with it asks a person after a canary. `used` is when a page of it was last asked for, on the monotonic
    clock; None once its load has ended.
    """

    folder: Path
    name: str
    revision: int = 0
    lock: threading.RLock = field(default_factory=threading.RLock, repr=False)
    mappings: dict[str, Any] = field(default_factory=dict)
    asks: bool = False
    used: float | None = field(default_factory=time.monotonic)
    wrong_passwords: int = 0
    checked: Checked | None = field(default=None, repr=False)
    views: dict[str, Any] = field(default_factory=dict, repr=False)

    @property
    def id(self) -> str:
        """The folder's name."""
        return self.folder.name

    @property
    def path(self) -> Path:
        """The workbook as it is now."""
        return self.folder / str(self.revision) / self.name

    @property
    def version(self) -> str:
        """What a person has seen of it: another one after a correction, and where lists are matched again."""
        matched = json.dumps(self.mappings, sort_keys=True).encode()
        return f"{self.revision}-{hashlib.sha256(matched).hexdigest()[:16]}"

    @property
    def extension(self) -> str:
        """With its dot; the results have the same."""
        return Path(self.name).suffix

    @property
    def lists(self) -> ListMapping:
        """How its lists with headers of their own are read; the empty mapping where it has none."""
        return ListMapping(tuple(_sheet_mapping(each) for each in self.mappings.values()))

    @property
    def is_in_use(self) -> bool:
        """Whether a person works with it."""
        return self.used is not None and time.monotonic() - self.used < USED_SECONDS

    def has_results(self) -> bool:
        """Whether results were written beside it."""
        with contextlib.suppress(OSError):
            return any((self.folder / "results").iterdir())
        return False

    def results_place(self, suffix: str) -> Path:
        """A free place for results, such as `branch.results.xlsx`. Raises LocalFailure."""
        folder = self.folder / "results"
        with _disk(folder):
            make_folder(folder)
        return free_name(folder / self.named(suffix))

    def named(self, suffix: str, extension: str | None = None) -> str:
        """`branch.marked.xlsx` for the suffix `marked`."""
        stem = _MADE.sub("", Path(self.name).stem)
        return f"{stem}.{suffix}{self.extension if extension is None else extension}"

    def save(self) -> None:
        """Keeps the facts about it. Raises LocalFailure."""
        facts = {"name": self.name, "revision": self.revision, "mappings": self.mappings, "asks": self.asks}
        with _disk(self.folder):
            write_file(self.folder / "upload.json", json.dumps(facts).encode())


def _sheet_mapping(kept: Mapping[str, Any]) -> SheetMapping:
    columns = {folded(header): name for header, name in kept["columns"].items()}
    ignored = frozenset(map(folded, kept["ignore"]))
    return SheetMapping(kept["sheet"], BY_NAME[kept["task_type"]], columns, kept["constants"], ignored)


class Uploads:
    """All uploads of this home."""

    def __init__(self, home: Path) -> None:
        self._folder = home / "web"
        self._known: dict[str, Upload] = {}
        self._lock = threading.Lock()

    def add(self, name: str, write: Callable[[Path], object]) -> Upload:
        """Takes in a workbook of this name; `write` writes it. Raises LocalFailure where the disk refuses."""
        upload = Upload(self._folder / "".join(secrets.choice(_ALPHABET) for _ in range(16)), fit_name(name))
        try:
            with _disk(self._folder):
                make_folder(upload.path.parent)
                upload.path.touch(mode=0o600)
                write(upload.path)
            upload.save()
        except BaseException:
            shutil.rmtree(upload.folder, ignore_errors=True)
            raise
        with self._lock:
            self._known[upload.id] = upload
        return upload

    def remembered(self, headers: Sequence[str]) -> dict[str, Any]:
        """The mapping that a list with these headers was last read by; {} where there is none."""
        try:
            found: dict[str, Any] = json.loads((self._folder / _MAPPINGS).read_bytes())[_key(headers)]
        except (OSError, ValueError, KeyError, TypeError):
            return {}
        return found

    def remember(self, headers: Sequence[str], mapping: Mapping[str, Any]) -> None:
        """Keeps a mapping for the next list with these headers. Raises LocalFailure."""
        try:
            known = dict(json.loads((self._folder / _MAPPINGS).read_bytes()))
        except (OSError, ValueError, TypeError):
            known = {}
        with _disk(self._folder):
            write_file(self._folder / _MAPPINGS, json.dumps({**known, _key(headers): mapping}).encode())

    def scratch(self) -> Path:
        """A folder for files that are made for one download. Raises LocalFailure."""
        with _disk(self._folder):
            make_folder(self._folder)
        return self._folder

    def get(self, upload_id: str) -> Upload | None:
        """The upload of this id; None where there is none (any more)."""
        if not _ID.fullmatch(upload_id):
            return None
        with self._lock:
            upload = self._known.get(upload_id) or _read(self._folder / upload_id)
            if upload is None or not upload.path.is_file():
                self._known.pop(upload_id, None)
                return None
            return self._known.setdefault(upload_id, upload)

    def holding(self, path: str) -> Upload | None:
        """The upload in whose folder a path is, if any: that of a job's workbook or results."""
        with contextlib.suppress(ValueError):
            return self.get(Path(path).relative_to(self._folder).parts[0])
        return None

    def known(self) -> list[Upload]:
        """Those that were asked for since the program started."""
        with self._lock:
            return list(self._known.values())

    @contextlib.contextmanager
    def next_revision(self, upload: Upload) -> Iterator[Path]:
        """The place for the corrected workbook, which replaces the present one at the block's end."""
        new = Upload(upload.folder, upload.name, upload.revision + 1)
        with _disk(self._folder):
            make_folder(new.path.parent)
        try:
            yield new.path
        except BaseException:
            shutil.rmtree(new.path.parent, ignore_errors=True)
            raise
        before, upload.revision, upload.checked = upload.path.parent, new.revision, None
        upload.save()
        shutil.rmtree(before, ignore_errors=True)

    def forget_old(self, is_kept: Callable[[Upload], bool]) -> list[str]:
        """Removes what is a day old unless it `is_kept`; remains of broken uploads, too. The ids removed."""
        removed = []
        with contextlib.suppress(OSError):
            for path in list(self._folder.iterdir()):
                upload = self.get(path.name)
                if path.name == _MAPPINGS:
                    continue
                old = time.time() - _touched(path) > KEPT_SECONDS
                if old and not (upload is not None and is_kept(upload)):
                    with self._lock:
                        self._known.pop(path.name, None)
                    shutil.rmtree(path, ignore_errors=True)
                    removed.append(path.name)
        return removed


def _key(headers: Sequence[str]) -> str:
    return hashlib.sha256(json.dumps(sorted(map(folded, headers))).encode()).hexdigest()


def fit_name(name: str) -> str:
    """The name of an uploaded file without its folders and without what a file system or a page dislikes."""
    bare = PureWindowsPath(PurePosixPath(name).name).name
    bare = _UNFIT.sub("_", bare.encode(errors="replace").decode()).strip(" ")
    bare = bare.lstrip(".~$").rstrip(" .") or "workbook.xlsx"
    stem, suffix = Path(bare).stem, Path(bare).suffix[:16]
    while len(f"{stem}{suffix}".encode()) > _LONGEST_NAME:
        stem = stem[:-1]
    return f"_{stem}{suffix}" if _RESERVED.match(stem) else f"{stem}{suffix}"


def _read(folder: Path) -> Upload | None:
    try:
        facts = json.loads((folder / "upload.json").read_bytes())
        mappings = dict(facts.get("mappings", {}))
        asks = bool(facts.get("asks"))
        return Upload(folder, str(facts["name"]), int(facts["revision"]), mappings=mappings, asks=asks)
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _touched(folder: Path) -> float:
    """When a file in the folder was last written; of an empty one, when it was made."""
    times = [each.stat().st_mtime for each in folder.rglob("*") if each.is_file()]
    return max(times, default=folder.stat().st_mtime)


@contextlib.contextmanager
def _disk(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise LocalFailure(
            f"the workbook could not be kept in {folder}: {why_refused(error)}", what_helps(error, folder)
        ) from error
