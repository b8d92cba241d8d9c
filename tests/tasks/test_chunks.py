"""Chunk files: complete JSON, within the limits, every task once and in its order."""

import itertools
import json

from hypothesis import given
from hypothesis import strategies as st

from xlsx2opeasy.spec.catalogue import PROCESSING_ORDER
from xlsx2opeasy.tasks.build import Task
from xlsx2opeasy.tasks.chunks import cut
from xlsx2opeasy.tasks.limits import ChunkLimits

ORDER = [each.name for each in PROCESSING_ORDER]
TASKS = st.lists(
    st.builds(
        lambda name, text, row: Task.of(name, "Modify", {"userId": text, "row": row}, name, row),
        st.sampled_from(ORDER),
        st.text(max_size=30),
        st.integers(2, 10**6),
    ),
    max_size=40,
)


@given(TASKS, st.integers(1, 10), st.integers(60, 400))
def test_every_task_is_in_one_chunk_and_in_order(tasks: list[Task], most: int, size: int) -> None:
    chunks = list(cut(tasks, ChunkLimits(most, size)))
    expected = sorted(tasks, key=lambda task: ORDER.index(task.type))
    assert [task for chunk in chunks for task in chunk.tasks] == expected
    for chunk in chunks:
        assert len(chunk.tasks) <= most
        assert len(chunk.body) <= size or len(chunk.tasks) == 1
        content = json.loads(chunk.body)["tasks"]
        assert [(name, task) for name, listed in content.items() for task in listed] == [
            (task.type, task.as_sent()) for task in chunk.tasks
        ]


@given(TASKS)
def test_no_chunk_could_have_taken_the_next_task(tasks: list[Task]) -> None:
    limits = ChunkLimits(1000, 300)
    chunks = list(cut(tasks, limits))
    for chunk, following in itertools.pairwise(chunks):
        (together,) = cut([*chunk.tasks, following.tasks[0]], ChunkLimits(1000, 10**9))
        assert len(together.body) > limits.bytes
