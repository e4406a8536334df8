-- Orders of the school and protocols of its council (Y2).

-- migrate:up

create table orders (
    school_id integer not null references schools,
    id uuid not null,
    kind text not null,
    number text not null,
    issued_on date not null,
    text text not null,
    signatory text not null,
    external_id text,
    version integer not null default 1,
    changed_at timestamptz not null default now(),
    changed_xid xid8 not null default pg_current_xact_id(),
    primary key (school_id, id),
    constraint orders_kind check (
        kind in ('admission', 'transfer', 'expulsion', 'promotion', 'study_form', 'council_protocol', 'other')
    ),
    constraint orders_number check (number <> ''),
    constraint orders_text check (text <> ''),
    constraint orders_signatory check (signatory <> '')
);
comment on table orders is 'Y2: orders of the school and protocols of its council.';
comment on column orders.kind is 'admission, transfer and expulsion are of enrollments; study_form: full-time, at home or family.';
comment on column orders.number is 'As it stands on the paper. Each kind is numbered anew each year.';
comment on column orders.signatory is 'Who signed, with the post.';
create unique index orders_number_key on orders (school_id, kind, extract(year from issued_on), number);
create unique index orders_external_id on orders (school_id, external_id) where external_id is not null;
create index orders_by_day on orders (school_id, issued_on, id);
call lyceum.protect('orders', 'select, insert, update, delete');

-- migrate:down

drop table orders;
