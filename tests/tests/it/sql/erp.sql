-- An ERP that is a database: orders that are released, as an outbox; goods and work that are posted, by a procedure of its own.
create table orders (
  id bigint generated always as identity primary key,
  number char(12) not null,
  material varchar(18) not null,
  quantity numeric(13,3) not null,
  released timestamp not null default (now() at time zone 'Europe/Berlin'),
  taken_at timestamptz
);
create table postings (
  id bigint generated always as identity primary key,
  reference text not null,
  number char(12) not null,
  movement text not null,
  lines jsonb not null
);
create function post_goods(its_reference text, its_number text, its_movement text, its_lines text) returns text language plpgsql as $$
declare document bigint;
begin
  if not exists (select from orders where number = its_number::char(12)) then
    raise exception 'there is no order %', its_number;
  end if;
  insert into postings (reference, number, movement, lines) values (its_reference, its_number, its_movement, its_lines::jsonb)
    returning id into document;
  return 'D-' || document;
end $$;
