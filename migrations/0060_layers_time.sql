-- Layers as they were true on a day and known at an instant: what a layer looks up beside its own table takes both.

-- ---- the three lists ----

-- Set-returning and plain, so that the planner sees through them; the conditions stand outside the unions, so that rows are
-- looked up in both tables by their indexes.
create function site_list_entries_on(of_list text, day date, known timestamptz)
returns table (id uuid, site_id uuid, entered_on date, entered_seq integer)
language sql stable parallel safe as $$
    select e.id, e.site_id, e.entered_on, e.entered_seq
    from (select * from site_list_entry union all select * from site_list_entry_history) as e
    where case when known is null then e.sys_to is null
            else e.sys_from <= known and (e.sys_to is null or e.sys_to > known) end
        and e.list = of_list and not e.withdrawn
        and case when day is null then e.left_seq is null
            else (e.entered_on is null or e.entered_on <= day) and (e.left_seq is null or e.left_on > day) end
$$;
comment on function site_list_entries_on is 'stays on a list that a day lies in (null: that last), as known at an instant (null: now)';

create function site_list_grades_on(day date, known timestamptz)
returns table (entry_id uuid, site_id uuid, risk_grade text, seq integer)
language sql stable parallel safe as $$
    select g.entry_id, e.site_id, g.risk_grade, g.seq
    from (select * from site_list_grade union all select * from site_list_grade_history) as g
        join site_list_entry as e on e.id = g.entry_id
    where case when known is null then g.sys_to is null
            else g.sys_from <= known and (g.sys_to is null or g.sys_to > known) end
        and not g.withdrawn and (g.since is null or g.since <= day)
$$;
comment on function site_list_grades_on is 'grades that had been given by a day, as known at an instant (null: now); the one with the greatest seq counts';

create index site_list_entry_withdrawn on site_list_entry (site_id, list) where withdrawn;

-- A later version that knew better began its stage no later, so the last of them says it.
create function site_stage_on(of_site uuid, day date, known timestamptz)
returns table (stage text, control_mode text, stage_since date)
language sql stable parallel safe as $$
    select v.stage, v.control_mode, v.stage_since
    from site_history as v
    where v.id = of_site and (known is null or v.sys_from <= known) and (v.stage_since is null or v.stage_since <= day)
    order by v.revision desc
    limit 1
$$;
comment on function site_stage_on is 'the stage of a site on a day before that of its record, by its earlier versions known at an instant (null: now)';

-- ---- where something is public ----

drop function publicity_address(text, uuid, text);
create function publicity_address(register text, subject uuid, kind text, day date, known timestamptz) returns table (url text)
language sql stable parallel safe as $$
    select p.url
    from (select * from publicity_duty union all select * from publicity_duty_history) as d
        join (select * from publicity_publication union all select * from publicity_publication_history) as p
            on p.duty_id = d.id
    where d.subject_register = register and d.subject_id = subject
        and case when known is null then d.sys_to is null
            else d.sys_from <= known and (d.sys_to is null or d.sys_to > known) end
        and case when known is null then p.sys_to is null
            else p.sys_from <= known and (p.sys_to is null or p.sys_to > known) end
        and d.duty = kind and not p.withdrawn and p.url is not null
        and case when day is null then d.released_on is null and p.taken_down_on is null
            else d.owed_since <= day and (d.released_on is null or d.released_on > day)
                and p.shown_from <= day and (p.taken_down_on is null or p.taken_down_on >= day) end
        and (known is null
            or exists (select from publicity_publication as now where now.id = p.id and not now.withdrawn))
    order by d.number desc, p.seq desc
    limit 1
$$;
comment on function publicity_address is 'where on the web a duty of a record was made public last: on a day (null: and still is), as known at an instant (null: now); what was entered in error is given to nobody again';
create index publicity_duty_history_subject on publicity_duty_history (subject_register, subject_id);
create index publicity_publication_history_duty on publicity_publication_history (duty_id);

-- ---- boxes and tiles of the past ----

create index division_history_geom on division_history using gist (geom);
create index sampling_point_history_geom on sampling_point_history using gist (geom);
create index farmland_measure_history_geom on farmland_measure_history using gist (geom);

-- ---- revisions ----

-- A layer on a day is made of these too: a write to them alone is a new revision of it.
create trigger site_list_entry_note_touch after insert or update on site_list_entry
    for each statement execute function platform_note_touch('sites');
create trigger site_list_grade_note_touch after insert or update on site_list_grade
    for each statement execute function platform_note_touch('sites');
create trigger farmland_land_type_note_touch after insert or update on farmland_land_type
    for each statement execute function platform_note_touch('farmland');
