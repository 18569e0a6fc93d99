"""Things cut out of their boxes: pictures with boxes in, straightened RGBA pieces with a quality out.

Where an outline is known (polygon, mask, alpha), it is the thing's; a mask model may find one. Else only the
box is needed. A long thin thing (a cigarette, a pen) is found as a bar in its box (`bars.py`, `strips.py`);
anything is found by its colours (`blobs.py`). Of all that is found, the piece that is judged the best
(`quality.py`) is drawn finer (`finer.py`) and straightened (`finish.py`); things of one class are compared
(`kin.py`). What is not good says why, because a bad cut-out shows in every picture it is pasted into.
"""

from curate.paste.cutouts.cutting import Given, cut
from curate.paste.cutouts.folder import read_cutouts
from curate.paste.cutouts.kin import harmonise
from curate.paste.cutouts.model import GOOD, WAYS, Cutout, Refusal
from curate.paste.cutouts.supply import Supply, supply

__all__ = ["GOOD", "WAYS", "Cutout", "Given", "Refusal", "Supply"]
__all__ += ["cut", "harmonise", "read_cutouts", "supply"]
