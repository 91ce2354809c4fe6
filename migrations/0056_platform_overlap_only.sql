-- One function says what ground two areas share: platform_overlap_m2.
drop function platform_overlay(geometry, geometry);
