"""All of a citizen's copies at once: when their twin is erased, or they let Aurora hold nothing any more."""

from __future__ import annotations

from uuid import UUID

from aurora.exports import files
from aurora.exports.models import Export


def forget(*, citizen_id: UUID) -> int:
    """Delete every copy with its key, its file and its row, on whomever's wish it was made. In the citizen's scope; how many.

    The files go at once: should the caller's transaction not stand, a row without its file says so at the next download. A worker that is writing one
    finds its row gone within half a second, and deletes what it wrote.
    """
    mine = Export.objects.filter(citizen_id=citizen_id)
    for file_id in mine.filter(file_id__isnull=False).values_list("file_id", flat=True):
        files.remove(file_id)
    return mine.delete()[0]
