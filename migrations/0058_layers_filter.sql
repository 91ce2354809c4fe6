-- What a filter of the layers computes, as the filter language has it: what cannot be computed is unknown, and no error.
create function layers_arithmetic(op text, a double precision, b double precision) returns double precision
language plpgsql immutable strict parallel safe as $$
begin
    return case op
        when '+' then a + b
        when '-' then a - b
        when '*' then a * b
        when '/' then a / b
        when '%' then a - b * trunc(a / b)
        when 'div' then trunc(a / b)
        when '^' then power(a, b)
    end;
exception when numeric_value_out_of_range or division_by_zero or invalid_argument_for_power_function then
    return null;
end $$;
comment on function layers_arithmetic is 'a op b in double precision; null where there is no such number';

create function layers_casei(t text) returns text language sql immutable strict parallel safe as $$
    select translate(lower(upper(t collate "und-x-icu") collate "und-x-icu"), 'ς', 'σ')
$$;
comment on function layers_casei is 'a text without the difference of upper and lower case';

create function layers_accenti(t text) returns text language sql immutable strict parallel safe as $$
    select normalize(regexp_replace(normalize(t, NFD), '[\u0300-\u036f]', '', 'g'), NFC)
$$;
comment on function layers_accenti is 'a text without its combining accents';

create function layers_set(t text[]) returns text[] language sql immutable parallel safe as $$
    select case when array_position(t, null) is null then t end
$$;
comment on function layers_set is 'an array; null where one of its elements is';
