-- Indicators as a bureau reported them for a year: figures and the rows behind them, frozen.
create table indicators_report (
    id uuid primary key,
    division_code text not null references division (code),
    year integer not null check (year between 2016 and 2200),
    edition integer not null check (edition >= 1),
    as_of date not null,
    made_at timestamptz not null,
    act_id uuid not null,
    reason text,
    document_id uuid,
    figures text not null,
    sha256 bytea not null check (length(sha256) = 32),
    unique (division_code, year, edition),
    check ((edition = 1) or (reason is not null))
);
comment on table indicators_report is 'indicators of a division and a year as reported; append-only, a later edition stands beside the earlier';
comment on column indicators_report.as_of is 'the day whose state was counted';
comment on column indicators_report.made_at is 'what the registry knew at this instant was counted';
comment on column indicators_report.reason is 'why there is a later edition';
comment on column indicators_report.figures is 'the figures with their targets as JSON, character by character as answered';
comment on column indicators_report.sha256 is 'SHA-256 over figures and rows, in their order';

create table indicators_report_row (
    report_id uuid not null references indicators_report (id),
    indicator text not null,
    n integer not null check (n >= 1),
    register text not null,
    record_id uuid not null,
    code text not null,
    division_code text not null,
    whole numeric not null,
    part numeric not null,
    why_zh text not null,
    why_en text not null,
    primary key (report_id, indicator, n)
);
comment on table indicators_report_row is 'the rows that the figures of a report were counted on';
comment on column indicators_report_row.whole is 'what the row adds to the denominator';
comment on column indicators_report_row.part is 'what it adds to the numerator';

create function indicators_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'indicator reports are append-only' using errcode = 'JT004';
end $$;
create trigger indicators_report_append_only before update or delete on indicators_report
    for each row execute function indicators_append_only();
create trigger indicators_report_row_append_only before update or delete on indicators_report_row
    for each row execute function indicators_append_only();
