"""Whole films, shot by shot: jobs that are done once, anywhere, and joined to finished films."""

from videdit.batch.request import BatchRequest, read_request
from videdit.batch.run import FilmResult, absolute, run_batch
from videdit.batch.selection import Selection
from videdit.batch.status import Status, status_of

__all__ = ["BatchRequest", "FilmResult", "Selection", "Status", "absolute", "read_request", "run_batch", "status_of"]
