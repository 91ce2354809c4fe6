-- What every register stands on: callers, the audit chain, history, repeated requests.
create extension if not exists postgis;

create table platform_api_key (
    id uuid primary key,
    token_sha256 bytea not null unique check (length(token_sha256) = 32),
    name text not null check (name <> ''),
    role text not null,
    division_code text not null check (division_code ~ '^[0-9]{6}$'),
    credit_code text check (credit_code ~ '^[0-9A-HJ-NP-RTUWXY]{18}$'),
    expires_on date,
    demo boolean not null default false,
    created_at timestamptz not null,
    revoked_at timestamptz,
    -- A land user's rights are those to its own sites: without its credit code there would be none, or all.
    constraint platform_api_key_land_user check ((role = 'land_user') = (credit_code is not null))
);
comment on table platform_api_key is 'API keys; the token itself is never stored';
comment on column platform_api_key.token_sha256 is 'SHA-256 of the token; tokens carry 256 random bits, so a plain digest cannot be guessed back';
comment on column platform_api_key.division_code is 'the role holds here and below; 000000 is the nation';
comment on column platform_api_key.credit_code is 'unified social credit code (GB 32100) of a land user';
comment on column platform_api_key.demo is 'made by the demo, replaced at its next start';

create table platform_audit (
    seq bigint primary key,
    act_id uuid not null,
    at timestamptz not null,
    line text not null,
    prev_hash bytea not null,
    hash bytea not null unique
);
comment on table platform_audit is 'one line per audited fact, chained: hash = SHA-256(prev_hash || line)';
comment on column platform_audit.line is 'canonical JSON, exactly the bytes that were hashed';

-- The chain's end is a row of its own: locking it is what puts commits in order.
create table platform_audit_head (
    one boolean primary key default true check (one),
    seq bigint not null,
    hash bytea not null
);
insert into platform_audit_head (seq, hash) values (0, decode(repeat('00', 32), 'hex'));

create function platform_audit_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'the audit chain is append-only' using errcode = 'JT002';
end $$;
create trigger platform_audit_append_only before update or delete on platform_audit
    for each row execute function platform_audit_append_only();

create table platform_idempotency (
    caller text not null,
    key text not null check (length(key) between 1 and 255),
    fingerprint bytea not null,
    reply jsonb,
    body bytea,
    created_at timestamptz not null,
    primary key (caller, key)
);
comment on table platform_idempotency is 'answers to POSTs that carried an Idempotency-Key, given again for the same request';
comment on column platform_idempotency.fingerprint is 'SHA-256 of method, path and body';

create table platform_setting (
    key text primary key,
    value jsonb not null
);
comment on table platform_setting is 'facts about this registry as a whole, such as that its data is a demo''s';

-- History: a register table calls platform_versioned() once. From then on no row is lost: an update leaves the row as it
-- was in <table>_history, a delete is refused, and nothing can be written outside an act.
create function platform_keep_history() returns trigger language plpgsql as $$
declare
    act uuid := nullif(current_setting('jingtu.act', true), '')::uuid;
    at timestamptz := nullif(current_setting('jingtu.now', true), '')::timestamptz;
begin
    if act is null or at is null then
        raise exception 'write to % outside an act', tg_table_name using errcode = 'JT001';
    end if;
    if tg_op = 'DELETE' then
        raise exception 'rows of % are never deleted', tg_table_name using errcode = 'JT003';
    end if;
    if tg_op = 'UPDATE' then
        -- Two changes in one act, or a clock that went back, must not make a period of no length.
        at := greatest(at, old.sys_from + interval '1 microsecond');
        old.sys_to := at;
        execute format('insert into %I select ($1).*', tg_table_name || '_history') using old;
        new.revision := old.revision + 1;
    else
        new.revision := 1;
    end if;
    new.act_id := act;
    new.sys_from := at;
    new.sys_to := null;
    return new;
end $$;

create function platform_versioned(t regclass) returns void language plpgsql as $$
begin
    execute format('alter table %s
        add column revision integer not null default 1,
        add column act_id uuid not null default ''00000000-0000-0000-0000-000000000000'',
        add column sys_from timestamptz not null default ''-infinity'',
        add column sys_to timestamptz', t);
    execute format('create table %s_history (like %s)', t, t);
    execute format('create index on %s_history (id, sys_from)', t);
    execute format('create index on %s_history (sys_to)', t);
    execute format('comment on column %s.revision is ''counts the versions of this row from 1; its ETag''', t);
    execute format('comment on column %s.act_id is ''the act that wrote this version''', t);
    execute format('comment on column %s.sys_from is ''when the registry came to know this version''', t);
    execute format('comment on column %s.sys_to is ''null here; in the history table, when the registry knew better''', t);
    execute format('create trigger %I before insert or update or delete on %s
        for each row execute function platform_keep_history()', replace(t::text, '.', '_') || '_keep_history', t);
end $$;
