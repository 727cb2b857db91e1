# Orders that the ERP released: a row each, marked when it was taken.
def ask: { sql: "select id, number, material, quantity, released from orders where taken_at is null order by id limit 20" };
def items: .rows[] | { id: "\(.id)", modified: { local: .released }, item: . };
def mark: { sql: "update orders set taken_at = now() where id = any(string_to_array($1, ',')::bigint[])", args: [[.taken[].id] | join(",")] };
def inputs:
  .body as $row | .site as $erp
  | { to: { native: { kind: "order", names: [{ system: $erp, kind: "order", id: $row.number }] } }, occurred_at: { local: $row.released },
      body: { order: { owner_fact: { released: { erp: $erp, number: $row.number, plant: "nord", material: $row.material,
        total: "\($row.quantity) H87", start: .received_at, end: .received_at } } } } };
