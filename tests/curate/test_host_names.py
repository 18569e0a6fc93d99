"""Which classes `--onto` means."""

from __future__ import annotations

import pytest

from curate.errors import CurateError
from curate.paste.hosts.model import HAND, MOUTH, THING
from curate.paste.hosts.names import folded, named, wanted


@pytest.mark.parametrize(
    "name", ["hand", "Hands", "LEFT_HAND", "right hand", "\uff28and", "手", "左手", "fist"]
)
def test_hands_are_found_by_all_their_names(name: str) -> None:
    assert wanted([name, "phone"], ["hands"], None).labelled == ((name, HAND),)


@pytest.mark.parametrize("name", ["mouth", "Lips", "嘴", "嘴巴"])
def test_mouths_are_found_by_all_their_names(name: str) -> None:
    assert wanted([name, "phone"], ["mouths"], None).labelled == ((name, MOUTH),)


def test_hands_and_mouths_that_nobody_labelled_are_sought() -> None:
    # a handle, a handbag and a chopstick are no hands
    found = wanted(["handle", "handbag", "chopstick"], ["hands", "mouths"], None)
    assert (found.labelled, found.sought) == ((), (HAND, MOUTH))


def test_mouths_are_sought_in_labelled_faces() -> None:
    found = wanted(["人脸", "hand"], ["mouths", "hands"], None)
    assert (found.faces, found.sought, found.labelled) == (("人脸",), (), (("hand", HAND),))


def test_a_class_is_named_regardless_of_case_blanks_and_width() -> None:
    assert folded("No-\uff30hone ") == folded("no phone")
    assert wanted(["no-phone", "reading"], ["No Phone"], None).labelled == (("no-phone", HAND),)


def test_what_carries_is_a_thing_and_what_is_unknown_holds() -> None:
    there = ["plate", "blob", "road"]
    assert wanted(there, ["plate", "blob"], None).labelled == (("plate", THING), ("blob", HAND))
    assert wanted(there, ["blob"], "inside").labelled == (("blob", THING),)
    assert wanted(there, ["plate"], "held-in").labelled == (("plate", HAND),)


@pytest.mark.parametrize("asked", ["foot", "left_hand"])
def test_an_unknown_name_lists_the_classes_there_are(asked: str) -> None:
    with pytest.raises(CurateError, match="'Hand', 'phone'"):
        wanted(["phone", "Hand"], [asked], None)
    with pytest.raises(CurateError, match="the classes there are: none"):
        named([], [asked])


def test_each_class_is_named_once() -> None:
    assert named(["a", "A", "b"], ["a", "A", "b"]) == ("A", "a", "b")


def test_a_class_that_only_a_model_knows_is_sought_by_it() -> None:
    found = wanted(["phone", "palm"], ["Fist", "palm"], None, ["fist", "palm"])
    assert (found.labelled, found.sought) == ((("palm", HAND),), (HAND,))
    with pytest.raises(CurateError, match="No class is called elbow; the classes there are: 'palm', 'phone'"):
        wanted(["phone", "palm"], ["elbow"], None, ["fist"])
