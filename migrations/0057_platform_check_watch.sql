-- How far each watch over checks is, in one table: the watches are the same, whatever is checked.
create table platform_check_watch (
    kind text primary key,
    seq bigint not null,
    day date,
    rules text,
    sweep_after uuid
);
insert into platform_check_watch (kind, seq, day, rules, sweep_after)
select 'land_check', seq, day, rules, sweep_after from land_check_watch
union all
select 'siting_check', seq, day, rules, sweep_after from siting_check_watch;
comment on table platform_check_watch is 'how far the watch over each kind of checks is: bookkeeping, not audited';
comment on column platform_check_watch.kind is 'what is watched, as platform_late_act.answers names it';
comment on column platform_check_watch.seq is 'every write to registers up to this number in the audit chain has been judged';
comment on column platform_check_watch.day is 'the civil day up to which what begins and ends by the calendar has been judged';
comment on column platform_check_watch.rules is 'digest of the rules and settings that answers were last held against';
comment on column platform_check_watch.sweep_after is 'a change of rules is being held against every answer, and this one was the last; null: none is';
drop table land_check_watch, siting_check_watch;
