-- M6, M8 and M11: averages, without rounding errors. An average is a fraction of two sums.

create or replace function lyceum.rounded_average(p_sum numeric, p_weight numeric, p_threshold numeric) returns smallint
    language sql immutable parallel safe
    return case when p_weight > 0 then
        div(p_sum, p_weight) + (p_sum - div(p_sum, p_weight) * p_weight >= p_threshold * p_weight)::integer
    end::smallint;
comment on function lyceum.rounded_average(numeric, numeric, numeric) is
    'M6: the whole part of the average p_sum / p_weight, and one more if the rest is the threshold or more. Exact: div has no fraction.';

create or replace function lyceum.half_up(p_sum bigint, p_count bigint) returns smallint
    language sql immutable parallel safe
    return case when p_count > 0 then (2 * p_sum + p_count) / (2 * p_count) end::smallint;
comment on function lyceum.half_up(bigint, bigint) is 'M11: the mean of p_count whole numbers with the sum p_sum, rounded half up.';

create or replace function lyceum.shown_average(p_sum numeric, p_weight numeric) returns numeric
    language sql immutable parallel safe
    return case when p_weight > 0 then round(p_sum / p_weight, 2) end;
comment on function lyceum.shown_average(numeric, numeric) is 'An average to show. Rules compute with the sums.';

create or replace function lyceum.marks_for_target(
    p_sum numeric, p_weight numeric, p_number integer, p_mark_weight numeric, p_least numeric
) returns bigint
    language sql immutable parallel safe
    return case
        when p_weight > 0 and p_sum >= p_least * p_weight then 0
        when p_number < p_least then null
        when p_weight is null or p_weight = 0 then 1
        when p_number = p_least then null
        -- What is missing, divided by what one mark adds, rounded up.
        else div(p_least * p_weight - p_sum, (p_number - p_least) * p_mark_weight)
            + (mod(p_least * p_weight - p_sum, (p_number - p_least) * p_mark_weight) > 0)::integer
    end;
comment on function lyceum.marks_for_target(numeric, numeric, integer, numeric, numeric) is
    'M8: how many marks p_number of the weight p_mark_weight lift the average p_sum / p_weight to p_least or more; null if no number '
    'of them does. p_least is the least average that is rounded to the target: the target minus 1 plus the threshold.';
