-- Reference layers as collections: every attribute of their files is a column of a layer, which can be asked for, filtered
-- and sorted by, and is shown to whom the layer's keepers say.
create extension if not exists btree_gist;

alter table reference_layer add column shapes text[] not null default '{}'
    check (shapes <@ array['points', 'lines', 'areas']);
alter table reference_layer_history add column shapes text[] not null default '{}';
comment on column reference_layer.shapes is 'what its features have been so far: points, lines, areas';

create table reference_column (
    id uuid primary key,
    layer_id uuid not null references reference_layer (id),
    key text not null check (key <> ''),
    name text not null check (name <> ''),
    kind text not null check (kind in ('text', 'integer', 'number', 'boolean', 'day', 'instant')),
    kind_is_set boolean not null default false,
    title_zh text check (title_zh <> ''),
    title_en text check (title_en <> ''),
    public boolean not null default false,
    in_use boolean not null default true,
    place integer not null check (place >= 1),
    unique (layer_id, key),
    unique (layer_id, name)
);
-- A column is no finding of any check: a register of its own among those that layers are made of.
select platform_versioned('reference_column'), platform_numbered('reference_column', 'reference_columns');
comment on table reference_column is 'attributes that the files of reference layers had';
comment on column reference_column.key is 'what the files call it; its value is reference_feature.attributes -> key';
comment on column reference_column.name is 'what it is called in the collection: the key, made fit for addresses and documents';
comment on column reference_column.kind is 'what all its values are; a value that is none is unknown';
comment on column reference_column.kind_is_set is 'whether the kind was given by the layer''s keepers, so that no file changes it';
comment on column reference_column.public is 'whether everybody who sees the layer sees it';
comment on column reference_column.in_use is 'whether the last file that replaced the layer had it';
comment on column reference_column.place is 'its place in the order shown';

-- A layer is read by itself, however many features others have.
drop index reference_feature_geom;
create index reference_feature_place on reference_feature using gist (layer_id, geom);
create index reference_feature_page on reference_feature (layer_id, id);
drop index reference_feature_history_geom;
create index reference_feature_history_place on reference_feature_history using gist (layer_id, geom);
create index reference_feature_history_page on reference_feature_history (layer_id, id);

-- An attribute in its column's kind; null where it is no such thing, never an error. In JSON numbers have no exponent here,
-- because jsonb writes them out.
create function reference_text(attributes jsonb, key text) returns text language sql immutable parallel safe as $$
    select attributes ->> key
$$;
comment on function reference_text is 'an attribute as text';

create function reference_integer(attributes jsonb, key text) returns bigint language sql immutable parallel safe as $$
    select case when attributes ->> key ~ '^-?[0-9]{1,18}$' then (attributes ->> key)::bigint end
$$;
comment on function reference_integer is 'an attribute that is an integer of up to 18 digits';

create function reference_number(attributes jsonb, key text) returns double precision language sql immutable parallel safe as $$
    -- 300 characters stay within what a double holds, at either end.
    select case when length(attributes ->> key) <= 300 and attributes ->> key ~ '^-?[0-9]+(\.[0-9]+)?$'
        then (attributes ->> key)::double precision end
$$;
comment on function reference_number is 'an attribute that is a number';

create function reference_boolean(attributes jsonb, key text) returns boolean language sql immutable parallel safe as $$
    select case attributes ->> key when 'true' then true when 'false' then false end
$$;
comment on function reference_boolean is 'an attribute that is true or false';

create function reference_as_day(said text) returns date language sql immutable parallel safe as $$
    select case when said ~ '^[0-9]{4}-(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$' and left(said, 4) <> '0000' then
        case when substr(said, 9, 2)::int <= date_part('day',
                 make_date(left(said, 4)::int, substr(said, 6, 2)::int, 1) + interval '1 month -1 day')
             then make_date(left(said, 4)::int, substr(said, 6, 2)::int, substr(said, 9, 2)::int) end end
$$;
comment on function reference_as_day is 'a text of the form YYYY-MM-DD that is a day';

create function reference_day(attributes jsonb, key text) returns date language sql immutable parallel safe as $$
    select reference_as_day(attributes ->> key)
$$;
comment on function reference_day is 'an attribute that is a day';

create function reference_as_instant(said text) returns timestamptz language sql immutable parallel safe as $$
    select case when said ~ '^.{10}T([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]{1,9})?(Z|[-+]([01][0-9]|2[0-3]):[0-5][0-9])$'
            and reference_as_day(left(said, 10)) is not null then
        (make_timestamp(left(said, 4)::int, substr(said, 6, 2)::int, substr(said, 9, 2)::int, substr(said, 12, 2)::int,
             substr(said, 15, 2)::int, substring(said from '^.{17}([0-9.]+)')::double precision)
         - case right(said, 1) when 'Z' then interval '0'
             else make_interval(hours => left(right(said, 6), 3)::int,
                                mins => (substr(right(said, 6), 1, 1) || right(said, 2))::int) end) at time zone 'UTC' end
$$;
comment on function reference_as_instant is 'a text that is an instant as RFC 3339 writes it';

create function reference_instant(attributes jsonb, key text) returns timestamptz language sql immutable parallel safe as $$
    select reference_as_instant(attributes ->> key)
$$;
comment on function reference_instant is 'an attribute that is an instant';
