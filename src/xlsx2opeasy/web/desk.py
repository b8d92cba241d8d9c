"""What all pages share: the home, the uploads, the running loads, and the way to the server."""

import contextlib
import re
import secrets
import threading
from collections.abc import Iterator
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import xlsx2opeasy.session as session  # "from xlsx2opeasy" asks it for a public name first
from xlsx2opeasy.check.checked import Checked, check_workbook
from xlsx2opeasy.errors import LocalFailure, UsageError, Xlsx2OpeasyError
from xlsx2opeasy.http.reach import checked_notify_url
from xlsx2opeasy.load import service
from xlsx2opeasy.load.job.facts import read_facts
from xlsx2opeasy.load.job.store import WORKBOOK, Store, StoredJob
from xlsx2opeasy.load.jobs.listing import LocalJob, job_of, list_jobs
from xlsx2opeasy.load.notify import MakeNotifier, unsigned
from xlsx2opeasy.load.plan.prepare import LoadOptions
from xlsx2opeasy.load.results.load_result import LoadResult
from xlsx2opeasy.load.run.undecided import Settling
from xlsx2opeasy.operating_system import state_folder
from xlsx2opeasy.reduced_gc import reduced_gc
from xlsx2opeasy.registry import allowed_rules
from xlsx2opeasy.report.write import templates_folder
from xlsx2opeasy.secret import Secret
from xlsx2opeasy.settings.keyrings import keyring_name
from xlsx2opeasy.settings.resolved import Flags, OfflineSettings, Settings, read_offline_settings
from xlsx2opeasy.settings.store import selected_store
from xlsx2opeasy.tasks.limits import ChunkLimits
from xlsx2opeasy.web.one_time import OneTime
from xlsx2opeasy.web.plan import Choices
from xlsx2opeasy.web.render import Pages
from xlsx2opeasy.web.runs import Run, Runs
from xlsx2opeasy.web.uploads import Upload, Uploads
from xlsx2opeasy.workbook.mapping import ListMapping, mapping_in_force
from xlsx2opeasy.workbook.protection import forget_passwords_but, is_protected
from xlsx2opeasy.workbook.read import read_workbook

_JOB = re.compile(r"\b[LRS][0-9]{8}-[a-z0-9]{4}\b")
MOST_LISTED = 200
"""Jobs on one page of the history."""


@dataclass(frozen=True)
class Proposal:
    """What was typed under *Connection*: `profile` is the name under which it is to be kept, or empty."""

    flags: Flags
    key: Secret | None
    in_keyring: bool
    profile: str
    id: str = field(default_factory=lambda: secrets.token_hex(8))


@dataclass
class WaitingForPassword:
    """A job that goes on once the password of its workbook is typed, with what was said to settle it."""

    settling: Settling | None
    wrong_passwords: int = 0


@dataclass
class Desk:
    """Everything behind the page: `store` has the jobs, `sandbox` is where loads go in the server's place.

    `proposal` could not be tried at the server, and waits for the word of the person. `waiting` are jobs that
    go on once the password of their workbook is typed; `unlocking` is held from the trying of a password
    until what needs it is known to `forget_passwords`. `is_closing`: the program is about to end.
    """

    flags: Flags
    sandbox: session.Destination | None = None
    proposal: Proposal | None = None
    is_closing: bool = False
    store: Store = field(default_factory=selected_store)
    pages: Pages = field(default_factory=Pages)
    runs: Runs = field(init=False)
    once: OneTime[Run] = field(default_factory=OneTime)
    uploads: Uploads = field(init=False)
    waiting: dict[str, WaitingForPassword] = field(default_factory=dict, repr=False)
    unlocking: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _resuming: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _keys: dict[str, Secret] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        self.uploads = Uploads(state_folder())
        self.runs = Runs(self._ended)

    def dialog(self) -> session.Dialog:
        """How the engine reaches the person: the page asks for a key beforehand, on its own screen."""
        return session.Dialog(typed_key=self.typed_key)

    def typed_key(self, settings: Settings) -> Secret | None:
        """The key that was typed on the page for this server and enterprise."""
        return self._keys.get(keyring_name(settings))

    def use_key(self, settings: Settings, key: Secret) -> None:
        """Uses the key until this program ends; it is written nowhere."""
        self._keys[keyring_name(settings)] = key

    def use_flags(self, flags: Flags) -> None:
        """Uses these settings from now on; another profile may check workbooks by other rules."""
        self.flags = flags
        for upload in self.uploads.known():
            with upload.lock:
                upload.checked = None

    def destination(self) -> session.Destination:
        """Where *Load* goes. Raises UsageError where nothing says so."""
        return self.sandbox or session.server(self.flags, self.dialog())

    def reachable(self) -> tuple[session.Destination | None, Xlsx2OpeasyError | None]:
        """The destination, or why there is none."""
        try:
            return self.destination(), None
        except Xlsx2OpeasyError as error:
            return None, error

    def warm_up(self) -> None:
        """Loads what the first check needs, so that no person waits for it."""
        with contextlib.suppress(Xlsx2OpeasyError):
            check_workbook(read_workbook(templates_folder("workbooks") / "all-tasks.xlsx"))

    @reduced_gc()
    def checked(self, upload: Upload) -> Checked:
        """The checked workbook; read once for each revision. Raises WorkbookUnusable."""
        with upload.lock:
            if upload.checked is None:
                profile = read_offline_settings(self.flags.profile)
                book = read_workbook(upload.path, mapping=_lists(upload, profile))
                upload.checked = check_workbook(book, allowed_rules(profile.allow))
            return upload.checked

    def load_options(
        self, upload: Upload, destination: session.Destination | None, choices: Choices, output: Path
    ) -> LoadOptions:
        """What was chosen on the page and what the profile says; without a destination as for any server.

        Raises UsageError where the profile is wrong.
        """
        profile = read_offline_settings(self.flags.profile)
        address = destination.notify if destination else ""
        return LoadOptions(
            output=output,
            limits=destination.limits if destination else ChunkLimits(),
            skip_invalid=choices.skip_invalid,
            again=destination is None,
            wire_names=destination.wire_names if destination else {},
            mapping=_lists(upload, profile),
            staging=choices.staging,
            notify=checked_notify_url(address) if address else "",
            allowed=allowed_rules(profile.allow),
        )

    def start_load(self, upload: Upload, destination: session.Destination, choices: Choices) -> Run:
        """Begins a load of the upload. Raises LocalFailure where the disk refuses what *Resume* needs."""
        if upload.asks != choices.asks:
            upload.asks = choices.asks
            upload.save()
        return self._start(upload, nullcontext(destination), choices, rehearsal=False)

    def start_rehearsal(self, upload: Upload, choices: Choices) -> Run:
        """Begins a rehearsal of the upload, at a simulated OpEasy of its own."""
        return self._start(upload, session.rehearsal(), choices, rehearsal=True)

    def _start(
        self,
        upload: Upload,
        place: AbstractContextManager[session.Destination],
        choices: Choices,
        *,
        rehearsal: bool,
    ) -> Run:
        workbook = upload.path  # a correction in another tab puts another one in its place

        def work(run: Run) -> LoadResult:
            output = upload.results_place("rehearsal" if rehearsal else "results")
            with place as destination:
                options = self.load_options(upload, destination, choices, output)
                context = service.LoadContext(
                    run.hear,
                    destination.connect,
                    interruption=run.interruption,
                    after_canary=run.ask if choices.asks else None,
                    notifier=self._notifier(),
                    store=self.store,
                )
                return service.load(workbook, destination.target, options, context)

        return self.runs.start(Run(upload.name, rehearsal, upload.id), work)

    def start_resume(self, stored: StoredJob, settling: Settling | None = None) -> Run:
        """Goes on with a job, after a person's word about an undecided operation where there is one.

        Where this program works on it already, as after a form that was sent twice, it is that run.
        """
        workbook = Path(read_facts(stored).workbook)
        upload = self.uploads.holding(str(workbook))

        def work(run: Run) -> LoadResult:
            connect = session.connect_as_pinned(self.flags, self.dialog())
            if self.sandbox is not None:
                connect = self.sandbox.connect
            context = service.LoadContext(
                run.hear,
                connect,
                interruption=run.interruption,
                after_canary=run.ask if upload is not None and upload.asks else None,
                notifier=self._notifier(),
                store=self.store,
            )
            return service.resume(stored.job_id, context, settling)

        with self._resuming:
            present = self.runs.of_job(stored.job_id)
            return present or self.runs.start(Run(workbook.name, rehearsal=False, job=stored.job_id), work)

    def _notifier(self) -> MakeNotifier:
        return unsigned if self.sandbox is not None else session.notifier(self.flags)

    def job(self, job_id: str) -> tuple[StoredJob, LocalJob]:
        """A job of this store. Raises UsageError where there is none of this name."""
        stored = self.store.job(job_id)
        return stored, job_of(stored)

    def jobs_in(self, message: str) -> list[str]:
        """The jobs that a message names and that are still there."""
        found = []
        for job_id in dict.fromkeys(_JOB.findall(message)):
            with contextlib.suppress(UsageError):
                found.append(self.store.job(job_id).job_id)
        return found

    def jobs(self, start: int = 0, most: int = MOST_LISTED) -> list[LocalJob]:
        """The jobs, latest first."""
        return list_jobs(self.store, start=start, most=most)

    def upload_of(self, job: LocalJob) -> Upload | None:
        """The upload with which the job was begun, where it is still here."""
        return self.uploads.holding(job.workbook or "")

    def _ended(self, run: Run) -> None:
        upload = self.uploads.get(run.upload) if run.upload else None
        if upload is not None and run.job is not None and not run.rehearsal:
            upload.used = None
        with contextlib.suppress(Xlsx2OpeasyError, OSError):  # it is tried again within a minute
            self.forget_passwords()

    def forget_passwords(self) -> None:
        """Forgets the passwords of workbooks that nobody works with any more, and what was read with them."""
        with self.unlocking, contextlib.ExitStack() as stack:
            forget_passwords_but(self._files_in_use(stack))
        for upload in self.uploads.known():
            if not self._is_in_use(upload) and is_protected(upload.path):
                with upload.lock:
                    upload.checked = None
                    upload.views.clear()

    def _files_in_use(self, stack: contextlib.ExitStack) -> Iterator[Path]:
        for run in self.runs.active():
            if run.job is not None and (stored := self.store.job(run.job)).exists(WORKBOOK):
                yield stack.enter_context(stored.as_path(WORKBOOK))
        yield from (each.path for each in self.uploads.known() if self._is_in_use(each))

    def _is_in_use(self, upload: Upload) -> bool:
        return upload.is_in_use or any(each.upload == upload.id for each in self.runs.active())

    def tidy(self) -> None:
        """Removes uploads that were not loaded within a day, with their rehearsals."""
        loaded: dict[str, list[StoredJob]] = {}
        rehearsed: dict[str, list[StoredJob]] = {}
        for stored in self.store.jobs():
            try:
                facts = read_facts(stored)
            except LocalFailure:
                continue
            upload = self.uploads.holding(facts.workbook)
            if upload is not None:
                (rehearsed if facts.rehearsal else loaded).setdefault(upload.id, []).append(stored)

        def is_kept(upload: Upload) -> bool:
            working = any(each.is_worked_on() for each in rehearsed.get(upload.id, ()))
            return (
                upload.id in loaded or working or any(each.upload == upload.id for each in self.runs.active())
            )

        for removed in self.uploads.forget_old(is_kept):
            for stored in rehearsed.get(removed, ()):
                stored.remove()


def _lists(upload: Upload, profile: OfflineSettings) -> ListMapping:
    """The lists as they were matched on the page, else as the profile says."""
    return upload.lists if upload.mappings else mapping_in_force(None, profile.mapping)
