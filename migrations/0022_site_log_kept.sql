-- The log of a site is not emptied at once either: row triggers do not see it.
create trigger site_event_never_emptied before truncate on site_event
    for each statement execute function site_event_append_only();
