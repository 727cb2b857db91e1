# What was done: a row each, marked when it was taken.
def ask: { sql: "select id, external_key, kind, amount, happened from reports where taken_at is null order by id limit 50" };
def items: .rows[] | { id: "\(.id)", modified: "\(.happened)Z", item: . };
def mark:
  { sql: "update reports set taken_at = utc_timestamp() where find_in_set(id, ?)", args: [[.taken[].id] | join(",")] };
def pieces: "\(.amount) H87";
def inputs:
  .body as $b | .body
  | (if .kind == "started" then { operation_started: { op: "0010" } }
     elif .kind == "used" then { consumed: { op: "0010", item: "1", material: "STEEL", amount: { qty: "\(.amount) KGM" } } }
     elif .kind == "made" then { produced: { output: "main", amount: { qty: pieces } } }
     elif .kind == "counted" then { confirmed: { op: "0010", good: { qty: pieces } } }
     elif .kind == "done" then "completed"
     elif .kind == "finished" then { confirmed: { op: "0010", last: true, declared: pieces } }
     else error("the kind \(.kind) is not known here") end) as $report
  | { to: { entity: (.external_key | split("/")[0]) }, occurred_at: "\(.happened)Z", body: { order: { report: $report } } };
