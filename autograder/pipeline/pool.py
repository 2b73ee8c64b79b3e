"""Where units are worked on: processes of this machine, or a Dask cluster. Both are `concurrent.futures` executors."""

from __future__ import annotations

import multiprocessing
import os
import shutil
import signal
import sys
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import replace
from multiprocessing import forkserver
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from autograder.errors import NoCluster
from autograder.pipeline.unit import Unit

if TYPE_CHECKING:
    from autograder.sandbox.provisioner import TemplateProcess

Result = TypeVar("Result")
SECONDS_TO_CONNECT = 10


class Pool:
    """Workers behind one executor.

    Attributes:
        lost: what a future raises if its worker died.
        window: how many units are worth handing out ahead.
    """

    lost: tuple[type[BaseException], ...]
    window: int
    executor: Executor

    def submit(self, function: Callable[..., Result], *args: Any) -> Future[Result]:
        """Run a function in a worker. A pool that is broken says so in the future, not here."""
        try:
            return self.executor.submit(function, *args)
        except self.lost as error:
            failed: Future[Result] = Future()
            failed.set_exception(error)
            return failed

    def ready_to_travel(self, unit: Unit) -> Unit:
        """The unit as the workers need it."""
        return unit

    @contextmanager
    def beside(self) -> Iterator[Pool]:
        """A pool of processes on this machine, for what needs the course's folder."""
        yield self

    def replace(self) -> None:
        """Replace what died; nothing to do where the executor does that itself."""

    def close(self, *, at_once: bool = False) -> None:
        """End the workers; `at_once`: without waiting for what they are at."""


class Processes(Pool):
    """Processes of this machine, forked from one that has everything imported, on one template of the sandbox."""

    lost = (BrokenProcessPool,)

    def __init__(self, workers: int, sandboxed: bool) -> None:
        self._workers, self.window = workers, 3 * workers
        self._context = multiprocessing.get_context("forkserver")
        self._context.set_forkserver_preload(["autograder.pipeline.preload"])
        with _one_thread():
            forkserver.ensure_running()
        self._template = _template() if sandboxed else None
        self._begin()

    def _begin(self) -> None:
        stage = self._template.stage if self._template else None
        threads = max(1, (os.cpu_count() or 1) // self._workers)
        self.executor: ProcessPoolExecutor = ProcessPoolExecutor(
            self._workers, mp_context=self._context, initializer=_become_worker, initargs=(stage, threads)
        )

    def replace(self) -> None:
        """New processes in place of a pool of which one has died; its others end too."""
        self._stop()
        self._begin()

    def close(self, *, at_once: bool = False) -> None:
        """End the workers and the template; `at_once`: without waiting for what they are at."""
        if at_once:
            self._stop()
        else:
            self.executor.shutdown(wait=True, cancel_futures=True)
        if self._template:
            self._template.close()

    def _stop(self) -> None:
        processes = list((self.executor._processes or {}).values())
        for process in processes:
            process.kill()
        queue = getattr(self.executor, "_call_queue", None)
        if queue and sys.version_info[:3] < (3, 11, 5):  # these wait for ever until the next unit is handed out
            queue._reader.close()
        self.executor.shutdown(wait=True, cancel_futures=True)


class Cluster(Pool):
    """The workers of a Dask cluster; bytes travel, no folder is shared."""

    def __init__(self, address: str, workers: int) -> None:
        self._workers = workers
        try:
            import distributed
        except ImportError:
            raise NoCluster(
                "grading on a Dask cluster needs the package `distributed`: pip install 'downhill-course[cluster]'"
            ) from None
        try:
            self._client = distributed.Client(address, timeout=SECONDS_TO_CONNECT)
        except (OSError, ValueError, TimeoutError) as error:
            raise NoCluster(
                f"there is no Dask scheduler at {address} ({error or type(error).__name__}): expected an address like "
                "tcp://HOST:8786, as `dask scheduler` prints it. Start it and its workers, and grade again."
            ) from error
        threads = sum(self._client.nthreads().values())
        if not threads:
            self._client.close()
            raise NoCluster(
                f"the Dask scheduler at {address} has no workers: start some with `dask worker {address} --nthreads 1`"
            )
        self.lost = (distributed.scheduler.KilledWorker,)
        self.window, self.executor = 2 * threads, self._client.get_executor()

    def ready_to_travel(self, unit: Unit) -> Unit:
        """With the cached run instead of the cache's place."""
        from autograder.pipeline.work import key_of

        cached = Path(unit.cache) / f"{key_of(unit)}.json"
        return replace(unit, cache="", cached=cached.read_text() if cached.is_file() else "")

    @contextmanager
    def beside(self) -> Iterator[Pool]:
        """Processes of this machine: the cluster's workers do not have the course's folder."""
        with pool_of(self._workers, sandboxed=False) as pool:
            yield pool

    def close(self, *, at_once: bool = False) -> None:
        """Leave the cluster; it goes on without us."""
        self._client.close()


@contextmanager
def pool_of(workers: int, sandboxed: bool, scheduler: str = "") -> Iterator[Pool]:
    """A pool, ended on the way out; at once, if something was raised."""
    pool = Cluster(scheduler, workers) if scheduler else Processes(workers, sandboxed)
    try:
        yield pool
    except BaseException:
        pool.close(at_once=True)
        raise
    pool.close()


def _template() -> TemplateProcess:
    from autograder.sandbox.provisioner import TemplateProcess  # late: the workers begin to import meanwhile

    return TemplateProcess()


def _become_worker(stage: Path | None, threads: int) -> None:
    import torch

    from autograder.sandbox.provisioner import use_template

    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is the grader's to handle
    threading.Thread(target=_end_with_the_grader, args=(stage,), daemon=True).start()
    torch.set_num_threads(threads)
    if stage:
        use_template(stage)


def _end_with_the_grader(stage: Path | None) -> None:
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        if stage:
            shutil.rmtree(stage, ignore_errors=True)
        os._exit(1)  # it was killed; a worker would wait for its next unit for ever


@contextmanager
def _one_thread() -> Iterator[None]:
    """The workers share the cores: none of their libraries may start a thread for each."""
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
    before = {name: os.environ.get(name) for name in names}
    os.environ.update(dict.fromkeys(names, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
