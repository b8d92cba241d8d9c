"""What the server says of rows, on this machine's disk, secrets masked: results and rejections.

Results are saved before anything is deleted at the server, rejections until their rows get them. A result
that is of the task in its place is saved without that task, of which the chunk files have it all.
"""

import json
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from itertools import chain, islice, repeat
from typing import Any, Final

import orjson

from xlsx2opeasy.errors import LocalFailure
from xlsx2opeasy.load.interrupt import Interruption
from xlsx2opeasy.load.job.facts import PhaseFacts
from xlsx2opeasy.load.job.journal import Fact
from xlsx2opeasy.load.job.known_job import KnownJob
from xlsx2opeasy.load.job.open_job import OpenJob
from xlsx2opeasy.load.job.store import result_place
from xlsx2opeasy.load.run.connection import Passwords
from xlsx2opeasy.load.run.match import is_same
from xlsx2opeasy.masking import Masker, SecretFields
from xlsx2opeasy.opeasy.client import OpEasyClient
from xlsx2opeasy.opeasy.models import TaskResult
from xlsx2opeasy.spec.catalogue import BY_NAME
from xlsx2opeasy.spec.outcomes import Outcome, outcome_of

_SEAM: Final = b",\n"
"""Between two blocks of saved results, and nowhere within one: JSON has no line break in a text."""


def save_results(
    job: OpenJob,
    phase: PhaseFacts,
    client: OpEasyClient,
    interruption: Interruption,
    *,
    patient: bool = True,
) -> Counter[Outcome]:
    """Saves the results of every type that was sent, and gives their numbers by what they say.

    `patient` also waits where the server has none yet, for as long as any call is tried again.
    Raises what the client raises, LocalFailure where the disk refuses.
    """
    saved, passwords = Counter[Outcome](), Passwords(job)
    for name in job.sent_rows(phase):
        interruption.checkpoint()
        scheduled_id = str(job.phase_state(phase).scheduled_id)
        keeping = partial(_Keeping, job, phase, name, client.mask, passwords)
        sent = partial(_commands_and_contents, job, phase, name)
        blocks = client.keep_results(scheduled_id, BY_NAME[name], keeping, sent, patient=patient)
        for numbers, _ in blocks:
            saved.update(numbers)
        contents = [block for _, block in blocks if block] or [b""]
        contents[0] = b"[" + contents[0]  # not the whole of them, which would be there twice then
        contents[-1] += b"]"
        job.put(_results_name(phase, name), _SEAM.join(contents), "nothing was deleted at the server")
    return saved


def run_texts(job: KnownJob, phase: PhaseFacts, task_type: str) -> Iterator[bytes]:
    """The JSON of each task of a type that is run: what was sent, without what was rejected."""
    rejected = {each.index for each in read_rejections(job, phase) if each.type == task_type}
    texts = job.sent_texts(phase, task_type)
    return (text for index, text in enumerate(texts) if index not in rejected) if rejected else texts


def _commands_and_contents(job: KnownJob, phase: PhaseFacts, task_type: str) -> Iterator[tuple[str, bytes]]:
    """Command and content, as JSON, of each task of a type that is run."""
    commands: dict[bytes, str] = {}
    for text in run_texts(job, phase, task_type):
        begin, _, content = text.partition(b',"content":')
        if begin not in commands:
            commands[begin] = orjson.loads(begin + b"}")["command"]
        yield commands[begin], content[:-1]


class _Keeping:
    """Makes what is kept of the results of one type, from the first on."""

    def __init__(
        self, job: OpenJob, phase: PhaseFacts, task_type: str, mask: Masker, passwords: Passwords
    ) -> None:
        self._texts = run_texts(job, phase, task_type)
        self._secrets = SecretFields(task_type, job.facts.wire_names)
        self._mask, self._passwords = mask, passwords

    def __call__(self, results: Sequence[TaskResult], as_sent: bool) -> tuple[Counter[Outcome], bytes]:
        """How many of some results say what, and they as JSON without the brackets around them."""
        if as_sent:  # as nearly always
            kept = [self._said(each) for each in results]
        else:
            # none for a result beyond what was sent
            in_place = chain(islice(self._texts, len(results)), repeat(b""))
            kept = [self._kept(each, text) for each, text in zip(results, in_place, strict=False)]
        said = Counter((each.status, each.error_code) for each in results)
        numbers = Counter[Outcome]()
        for (status, code), number in said.items():
            numbers[outcome_of(status, code)] += number
        return numbers, self._mask.document(kept)[1:-1]

    def _said(self, result: TaskResult) -> dict[str, Any]:
        """What a result says of its task, secrets masked: in its texts also the long ones of other rows."""
        description = self._secrets.hidden_in(result.error_description, result.content)
        return {
            "status": result.status,
            "errorCode": result.error_code,
            "errorDescription": self._passwords.hidden_in(description, long_only=True),
        }

    def _kept(self, result: TaskResult, text: bytes) -> dict[str, Any]:
        """The same with its task where that is another than the one in its place, apart from secrets."""
        said = self._said(result)
        task = {"command": result.command, "content": result.content}
        if text and is_same(orjson.loads(text), task, self._secrets):
            return said
        return said | {"command": result.command, "content": self._secrets.masked(result.content)}


def _results_name(phase: PhaseFacts, task_type: str) -> str:
    return result_place(f"phase-{phase.number}-{task_type}-results.json")


def _earlier_name(phase: PhaseFacts, task_type: str) -> str:
    """The name in earlier versions, which kept each result with its task."""
    return result_place(f"phase-{phase.number}-{task_type}.json")


class SavedResults(Iterable[dict[str, Any]]):
    """The saved results of one type, each made again from its JSON when it is looked at.

    One without `command` and `content` is of the task in its place among `run_texts`.
    """

    def __init__(self, job: KnownJob, phase: PhaseFacts, task_type: str) -> None:
        """Raises LocalFailure where they are damaged."""
        name = _results_name(phase, task_type)
        if not job.stored.exists(name) and job.stored.exists(_earlier_name(phase, task_type)):
            name = _earlier_name(phase, task_type)
        self._place = job.stored.where(name)
        with self._reporting():
            self._blocks = job.stored.read(name)[1:-1].split(_SEAM)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        """Raises LocalFailure where they are damaged."""
        for block in self._blocks:
            with self._reporting():
                results = orjson.loads(b"[%b]" % block)
            yield from results

    @contextmanager
    def _reporting(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError) as error:
            raise LocalFailure(
                f"{self._place} is damaged: {error}", "the results must be fetched again"
            ) from error


@dataclass(frozen=True, slots=True)
class Rejection:
    """A task that the server's validation set aside: its place among the sent tasks of its type."""

    type: str
    index: int
    error_id: str
    messages: tuple[str, ...]


def keep_rejections(job: OpenJob, phase: PhaseFacts, rejections: Sequence[Rejection]) -> None:
    """Puts them on disk, secrets masked. Raises LocalFailure where the disk refuses."""
    kept = [[each.type, each.index, each.error_id, list(each.messages)] for each in rejections]
    job.put(_file_name(phase), json.dumps(kept).encode(), "nothing was scheduled")
    job.note(phase.number, Fact.REJECTIONS, count=len(kept))


def read_rejections(job: KnownJob, phase: PhaseFacts) -> list[Rejection]:
    """The validation errors of a phase, where there were any. Raises LocalFailure where they are damaged."""
    if not job.phase_state(phase).rejections_saved:
        return []
    name = _file_name(phase)
    try:
        raw: list[Any] = json.loads(job.stored.read(name))
        return [Rejection(name, index, error_id, tuple(said)) for name, index, error_id, said in raw]
    except (OSError, ValueError, TypeError) as error:
        raise LocalFailure(
            f"{job.stored.where(name)} is damaged: {error}", "nothing further was done with this job"
        ) from error


def _file_name(phase: PhaseFacts) -> str:
    return result_place(f"phase-{phase.number}-rejections.json")
