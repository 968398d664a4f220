"""Results of tasks in their order, some of which are begun in threads before they are asked for."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

__all__ = ["ahead"]

T = TypeVar("T")


def ahead(
    tasks: Iterable[Callable[[], T]], threads: int, depth: int, name: str = "jeoni-batch"
) -> Generator[T, None, None]:
    """The results of the tasks in order, with only a few under way, so that memory stays flat.

    Args:
        tasks: to call.
        threads: that call them.
        depth: how many are begun before they are asked for.
        name: of the threads.

    Example:
        >>> list(ahead([lambda: "a", lambda: "b", lambda: "c"], threads=2, depth=2))
        ['a', 'b', 'c']
    """
    coming: deque[Future[T]] = deque()
    pool = ThreadPoolExecutor(threads, thread_name_prefix=name)
    try:
        for task in tasks:
            coming.append(pool.submit(task))
            if len(coming) > depth:
                yield coming.popleft().result()
        while coming:
            yield coming.popleft().result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)
