"""Drop masks that are only specks: what `masks_ready` is for. Used whenever this folder is given as --plugins-dir."""

import videdit

SMALLEST_PX = 30


class WithoutSpecks:
    """The masks of a shot, those of fewer than SMALLEST_PX pixels left out."""

    def __init__(self, masks):
        self._masks = masks
        self.object_ids, self.shot, self.size = masks.object_ids, masks.shot, masks.size

    def mask(self, object_id, index):
        found = self._masks.mask(object_id, index)
        return found if found is not None and found.sum() >= SMALLEST_PX else None

    def union(self, index):
        together = self._masks.union(index)
        together[:] = False
        for object_id in self.object_ids:
            found = self.mask(object_id, index)
            if found is not None:
                together |= found
        return together


@videdit.hookimpl
def masks_ready(masks):
    return WithoutSpecks(masks)
