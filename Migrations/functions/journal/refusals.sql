-- Rules M1 to M4
create or replace function lyceum.refusal_state(p_refusal text) returns text
    language sql immutable parallel safe
    return case p_refusal
        when 'marks_not_allowed' then 'LYM01'
        when 'value_not_allowed' then 'LYM02'
        when 'not_a_member' then 'LYM03'
        when 'edit_window_closed' then 'LYM04'
        when 'lesson_in_future' then 'LYM04'
        when 'due_after_close' then 'LYM04'
        when 'reason_required' then 'LYM07'
        when 'order_required' then 'LYM07'
        when 'feedback_is_a_mark' then 'LYM01'
        when 'conduct_not_marked' then 'LYM14'
        when 'due_before_lesson' then 'LYH01'
        when 'due_without_lesson' then 'LYH01'
        when 'homework_not_allowed' then 'LYH01'
        else 'LYL02'
    end;
comment on function lyceum.refusal_state(text) is 'The SQLSTATE of the rule that has this problem code.';
