-- Places of changes are found by joins over all changes of an act (src/platform/outbox), not by a call for each.
drop function platform_outbox_place;
comment on column platform_outbox.place is 'outline of the record at the end of the act, CGCS2000 (EPSG:4490); null where it has none, and for a division, which is matched by its code';
