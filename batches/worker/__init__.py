"""The worker: claims batches, processes them, waits for the next."""

from batches.worker.helper import Helper, helping
from batches.worker.loop import work

__all__ = ["Helper", "helping", "work"]
