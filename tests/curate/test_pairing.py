"""The quick way to pair names that have no rival comes to what the steps come to for all names."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from curate.formats.pairing import _Pairing, masks_among, pair, split_name

FOLDERS = st.sampled_from(["", "Annotations", "JPEGImages", "x", "x/Annotations", "x/images", "x/y", "标注"])
STEMS = st.sampled_from(["a", "A", "b", "c", "a.b", "é", "e\u0301", "图", ".jpg", "a b"])
FILENAMES = st.sampled_from(
    [None, "", "a.jpg", "b.png", "C:\\x\\a.jpg", "a", "A.JPG", "x/b.jpg", " c.jpg ", "e\u0301.jpg"]
)


def names(*suffixes: str) -> st.SearchStrategy[list[str]]:
    def name(folder: str, stem: str, suffix: str) -> str:
        return f"{folder}/{stem}{suffix}" if folder else f"{stem}{suffix}"

    one = st.builds(name, FOLDERS, STEMS, st.sampled_from(suffixes))
    return st.lists(one, max_size=6, unique=True).map(sorted)


@settings(max_examples=500, deadline=None)
@given(names(".xml", ".xml", ".XML", ".jpg.xml"), names(".jpg", ".png", ".JPG", ".jpeg"), st.data())
def test_pairs_are_those_of_the_steps(annotations: list[str], images: list[str], data: st.DataObject) -> None:
    filenames = {annotation: data.draw(FILENAMES) for annotation in annotations}
    pairs = pair(annotations, images, filenames)
    assert dict(p for p in pairs if None not in p) == _Pairing(images, filenames, ()).run(annotations)
    assert sorted(a for a, _ in pairs if a is not None) == annotations
    assert sorted(i for _, i in pairs if i is not None) == images
    assert pairs == sorted(pairs, key=lambda each: each[0] or each[1] or "")


def test_a_name_is_asked_for_only_where_the_others_do_not_decide() -> None:
    class Filenames(dict[str, str | None]):
        def get(self, name: str, _: object = None) -> str | None:  # type: ignore[override]
            asked.append(name)
            return None

    asked: list[str] = []
    pair(["Annotations/a.xml", "Annotations/b.xml"], ["JPEGImages/a.jpg", "other/c.jpg"], Filenames())
    assert asked == ["Annotations/b.xml"]


def test_masks_are_known_by_their_folder() -> None:
    images = [
        "SegmentationClass/a.png",
        "x/MASKS/b.png",
        "masks.png",
        "masks of mine/c.png",
        "a/masks/b/c.png",
    ]
    assert masks_among(images) == {images[0], images[1], images[4]}
    assert masks_among([]) == frozenset()


def test_a_name_that_begins_with_a_dot_has_no_suffix() -> None:
    assert split_name("a/.jpg") == ("a", ".jpg", "")
