"""The worker: claims batches, processes them, waits for the next."""

from batches.worker.helper import Helper, WorkerDiedError, helping
from batches.worker.loop import work

__all__ = ["Helper", "WorkerDiedError", "helping", "work"]
