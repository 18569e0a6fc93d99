"""Every rule, listed by hand: what `curate validate` asks of a data set, in the order of the catalogue.

Adding one is one file, one line in RULES, and one sample in tests/curate/rules/museum.py.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from dataclasses import replace

from curate.errors import ConfigError
from curate.findings import Finding, Fix, FixClass
from curate.rules import (
    box001_corners_swapped,
    box002_outside_image,
    box003_entirely_outside,
    box004_zero_area,
    box005_not_a_number,
    box006_decimal_comma,
    box007_normalised,
    box008_tiny,
    box009_whole_image,
    box010_duplicate,
    box011_near_duplicate,
    box012_two_classes,
    box013_coordinate_base,
    box014_size_outlier,
    box016_width_height_as_corner,
    cls001_unknown_class,
    cls002_class_variant,
    cls003_class_misspelt,
    cls004_class_unused,
    cls005_class_number,
    cls006_class_imbalance,
    enc001_undeclared_gbk,
    enc002_legacy_encoding_declared,
    enc003_wrong_unicode_declaration,
    enc004_single_byte_text,
    enc005_mojibake,
    enc006_illegal_character,
    hdr001_size_missing,
    hdr002_size_zero,
    hdr003_size_transposed,
    hdr004_size_mismatch,
    hdr005_exif_orientation,
    hdr006_depth_wrong,
    hdr007_filename_missing,
    hdr008_filename_extension,
    hdr009_filename_names_another,
    hdr010_filename_with_directories,
    img001_image_missing,
    img002_image_unlabelled,
    img003_image_truncated,
    img004_not_an_image,
    img005_extension_lies,
    img006_unusual_mode,
    img007_stem_shared,
    img008_name_clash,
    img009_poor_quality,
    obj001_no_objects,
    obj002_name_missing,
    obj003_box_missing,
    obj004_rotated_box,
    obj005_several_boxes,
    obj006_flag_not_boolean,
    obj007_coordinate_missing,
    obj008_difficult_dropped,
    sec001_entity_expansion,
    sec002_path_traversal,
    sec003_personal_path,
    sec004_oversized,
    set001_listed_but_absent,
    set002_in_no_list,
    set003_in_two_splits,
    set004_list_line,
    set005_copy_across_splits,
    set006_near_copy_across_splits,
    set007_group_across_splits,
    set008_copy_within_split,
    set009_synthetic_in_eval,
    xml001_empty_file,
    xml002_truncated,
    xml003_unescaped_markup,
    xml004_text_before_declaration,
    xml005_doctype,
    xml006_namespace,
    xml007_tag_case,
    xml008_unknown_root,
    xml009_not_voc,
    xml010_malformed,
)
from curate.rules.model import Facts, Rule, Stage

RULES: tuple[Rule, ...] = (
    enc001_undeclared_gbk.RULE,
    enc002_legacy_encoding_declared.RULE,
    enc003_wrong_unicode_declaration.RULE,
    enc004_single_byte_text.RULE,
    enc005_mojibake.RULE,
    enc006_illegal_character.RULE,
    xml001_empty_file.RULE,
    xml002_truncated.RULE,
    xml003_unescaped_markup.RULE,
    xml004_text_before_declaration.RULE,
    xml005_doctype.RULE,
    xml006_namespace.RULE,
    xml007_tag_case.RULE,
    xml008_unknown_root.RULE,
    xml009_not_voc.RULE,
    xml010_malformed.RULE,
    sec001_entity_expansion.RULE,
    sec002_path_traversal.RULE,
    sec003_personal_path.RULE,
    sec004_oversized.RULE,
    hdr001_size_missing.RULE,
    hdr002_size_zero.RULE,
    hdr003_size_transposed.RULE,
    hdr004_size_mismatch.RULE,
    hdr005_exif_orientation.RULE,
    hdr006_depth_wrong.RULE,
    hdr007_filename_missing.RULE,
    hdr008_filename_extension.RULE,
    hdr009_filename_names_another.RULE,
    hdr010_filename_with_directories.RULE,
    obj001_no_objects.RULE,
    obj002_name_missing.RULE,
    obj003_box_missing.RULE,
    obj004_rotated_box.RULE,
    obj005_several_boxes.RULE,
    obj006_flag_not_boolean.RULE,
    obj007_coordinate_missing.RULE,
    obj008_difficult_dropped.RULE,
    box001_corners_swapped.RULE,
    box002_outside_image.RULE,
    box003_entirely_outside.RULE,
    box004_zero_area.RULE,
    box005_not_a_number.RULE,
    box006_decimal_comma.RULE,
    box007_normalised.RULE,
    box008_tiny.RULE,
    box009_whole_image.RULE,
    box010_duplicate.RULE,
    box011_near_duplicate.RULE,
    box012_two_classes.RULE,
    box013_coordinate_base.RULE,
    box014_size_outlier.RULE,
    box016_width_height_as_corner.RULE,
    cls001_unknown_class.RULE,
    cls002_class_variant.RULE,
    cls003_class_misspelt.RULE,
    cls004_class_unused.RULE,
    cls005_class_number.RULE,
    cls006_class_imbalance.RULE,
    img001_image_missing.RULE,
    img002_image_unlabelled.RULE,
    img003_image_truncated.RULE,
    img004_not_an_image.RULE,
    img005_extension_lies.RULE,
    img006_unusual_mode.RULE,
    img007_stem_shared.RULE,
    img008_name_clash.RULE,
    img009_poor_quality.RULE,
    set001_listed_but_absent.RULE,
    set002_in_no_list.RULE,
    set003_in_two_splits.RULE,
    set004_list_line.RULE,
    set005_copy_across_splits.RULE,
    set006_near_copy_across_splits.RULE,
    set007_group_across_splits.RULE,
    set008_copy_within_split.RULE,
    set009_synthetic_in_eval.RULE,
)
_BY_CODE = {rule.code: rule for rule in RULES}


def by_code(code: str) -> Rule:
    """The rule with that code, in any letter case. Raises ConfigError, naming the nearest one."""
    rule = _BY_CODE.get(code.strip().upper())
    if rule is None:
        raise ConfigError(f"There is no rule {code!r}.", _nearest(code))
    return rule


def select(chosen: Sequence[str] = (), ignored: Sequence[str] = ()) -> tuple[Rule, ...]:
    """The rules whose code begins with one of `chosen` (none given: all) and with none of `ignored`.

    Raises ConfigError for a prefix that no code begins with.
    """
    for prefix in (*chosen, *ignored):
        if not prefix.strip() or not any(_begins(rule, [prefix]) for rule in RULES):
            raise ConfigError(f"No rule begins with {prefix!r}.", _nearest(prefix))
    return tuple(
        rule for rule in RULES if (not chosen or _begins(rule, chosen)) and not _begins(rule, ignored)
    )


def check_all(facts: Facts, rules: Iterable[Rule] = RULES) -> list[Finding]:
    """What these rules find, sorted by place. Repairs that edit XML are offered for VOC only."""
    findings: list[Finding] = []
    for rule in rules:
        if facts.data.format in rule.formats and (facts.reader is not None or not rule.needs_pixels):
            findings.extend(_repairable(finding, rule, facts) for finding in rule.check(rule, facts))
    return sorted(findings, key=lambda finding: finding.place)


def _repairable(finding: Finding, rule: Rule, facts: Facts) -> Finding:
    edits_text = rule.stage is not Stage.FILES
    if facts.data.format == "voc" or not edits_text or finding.fix.safety is FixClass.MANUAL:
        return finding
    by_hand = Fix(FixClass.MANUAL, f"{finding.fix.description}, by hand", finding.fix.facts)
    return replace(finding, fix=by_hand)


def _begins(rule: Rule, prefixes: Sequence[str]) -> bool:
    return rule.code.startswith(tuple(prefix.strip().upper() for prefix in prefixes))


def _nearest(code: str) -> str:
    near = difflib.get_close_matches(code.strip().upper(), _BY_CODE, n=1, cutoff=0.5)
    return f"Did you mean {near[0]}?" if near else "`curate rule --all` lists every rule."
