-- Written notices (通知书): what was said to whom on what ground, how and when it was served.
create table notice (
    id uuid primary key,
    number text collate "C" not null unique check (number <> ''),
    kind text not null check (kind in ('listing', 'preliminary_survey', 'detailed_survey', 'return', 'stop_work')),
    site_id uuid not null references site (id),
    issuer text not null check (issuer <> ''),
    issuer_division text not null references division (code),
    issuer_role text not null,
    year integer not null,
    serial integer not null check (serial > 0),
    issued_on date not null,
    recipient text not null check (recipient <> ''),
    recipient_credit_code text,
    due_on date,
    reason text,
    paper jsonb not null check (jsonb_typeof(paper) = 'object'),
    text_zh text not null check (text_zh <> ''),
    summary_en text not null,
    citations jsonb not null check (jsonb_typeof(citations) = 'array'),
    document_id uuid references document (id),
    served_on date,
    served_how text,
    received_on date,
    proof_id uuid references document (id),
    site_event_seq integer,
    voided_on date,
    void_reason text,
    recorded_at timestamptz not null,
    unique (issuer_division, year, kind, serial),
    check ((served_on is null) = (served_how is null) and (served_on is null) = (proof_id is null)),
    check (received_on is null or served_on is not null),
    check (issued_on <= served_on and served_on <= received_on),
    check ((voided_on is null) = (void_reason is null)),
    check (voided_on is null or served_on is null)
);
select platform_versioned('notice');
-- One paper of a kind at a time is on its way to a site's land user.
create unique index notice_under_way on notice (site_id, kind) where received_on is null and voided_on is null;
create index notice_site on notice (site_id, id);
comment on table notice is 'written notices of the ecology bureaus';
comment on column notice.number is 'issuing division, word of the kind, year, serial: 152921-初调-2026-0001';
comment on column notice.issuer is 'the bureau''s name as it signs';
comment on column notice.issuer_division is 'division of the bureau; numbers count per division, year and kind';
comment on column notice.serial is 'counts from 1 without gaps per issuing division, year and kind';
comment on column notice.issued_on is 'the day on the notice; picks the law';
comment on column notice.recipient is 'who is addressed, as the register of sites had it then';
comment on column notice.due_on is 'last day as the bureau set it, or as the clock that receipt started has it';
comment on column notice.paper is 'the notice piece by piece: what the PDF is made of';
comment on column notice.text_zh is 'the whole text as issued';
comment on column notice.document_id is 'the PDF as filed; null where the server had no Chinese font';
comment on column notice.served_how is 'how it was served, in the office''s words';
comment on column notice.received_on is 'day of receipt, from which periods count';
comment on column notice.proof_id is 'the proof of service';
comment on column notice.site_event_seq is 'the entry of the site''s log that the service made';

-- The lock on its row is what makes serials follow one another without gaps: it is held until the notice is committed.
create table notice_counter (
    division_code text not null,
    year integer not null,
    kind text not null,
    last integer not null check (last > 0),
    primary key (division_code, year, kind)
);
comment on table notice_counter is 'the last serial given per issuing division, year and kind';
