-- A clock whose opening was entered in error says so in a column of its own, and not by the words of its cause, which whoever
-- calls a duty off writes as they like. Clocks called off before causes were kept were all of that kind.
do $$
declare
    t text;
begin
    foreach t in array array['deadline', 'deadline_history'] loop
        execute format('alter table %I add column in_error boolean not null default false', t);
    end loop;
end $$;
alter table deadline disable trigger deadline_keep_history;
do $$
declare
    t text;
begin
    foreach t in array array['deadline', 'deadline_history'] loop
        execute format($f$update %I set in_error = true
            where cancelled and (cause is null
                or cause = '开启该时限的事件系误录，已作废 / the step that opened it was entered in error and voided')$f$, t);
    end loop;
end $$;
alter table deadline enable trigger deadline_keep_history;
alter table deadline add constraint deadline_in_error check (cancelled or not in_error);
comment on column deadline.in_error is 'called off because the step that opened it was entered in error: it counts as never opened';

-- Who stands on a list on a day, without those who left it long ago; analyze keeps statistics of the last day.
create index site_list_entry_standing on site_list_entry
    (list, (case when left_seq is null then 'infinity'::date else left_on end), site_id) where not withdrawn;
