-- Layers have a revision each: the newest of the registers that they are made of. So registers that no answer rests on are
-- numbered too; answers, and the watch over them, look at theirs alone.
alter table platform_register_version add column answers boolean not null default true;
comment on column platform_register_version.answers is 'whether land and siting checks rest on it; a revision of a layer is made by either kind';

-- A table of a register that layers are made of, and no answer rests on, calls this once.
create function platform_numbered(t regclass, register text) returns void language plpgsql as $$
begin
    insert into platform_register_version (register, seq, answers) values (register, 0, false) on conflict do nothing;
    execute format('create trigger %I after insert or update or delete on %s for each statement execute function platform_note_touch(%L)',
        replace(t::text, '.', '_') || '_note_touch', t, register);
end $$;
comment on function platform_numbered is 'makes writes to a table known as writes to a register that layers are made of';

select platform_numbered('sampling_point', 'sampling'), platform_numbered('farmland_measure', 'farmland_measures'),
    platform_numbered('publicity_duty', 'publicity'), platform_numbered('publicity_publication', 'publicity');
