# What the ERP tells: a record was written, and from which state to which. Everything else is read. It numbers no message, so a
# version of a record is known by its id and `write_date`, and what we wrote ourselves is told like everything else.
def ours($table): . as $theirs | [$table | to_entries[] | select(.value == $theirs) | .key] | (.[0] // $theirs);
# A plant by our name: the table's, or where that says nothing of it, the word as it is, when it is a name.
def our_plant($table):
  ours($table) | if test("^[a-z][a-z0-9-]*$") then . else error("the plant code \(.) is not in `tables.plant` of the site's file: add the plant it stands for") end;
def read: { path: "/api/\(.body._model)/\(.body._id)" };
def record: .read[0].body.records[0];
# Its times are UTC, and its texts do not say so.
def at: "\(sub(" "; "T"))Z";
def version: "\(.body._model)/\(.body._id)/\(.body.write_date)";
# Floats are brought back to the thousandth they were entered with, and are decimals from here on.
def decimal: (. | tonumber) * 1000 | round | if . % 1000 == 0 then "\(. / 1000 | floor)" else "\(. / 1000)" end;

# An order has two names here: its own, and the planned order it was made of.
def named($order; $planned):
  .site as $erp
  # The planned order first: under that one it is born, whoever tells of it first.
  | { native: { kind: "order", names: ((if ($planned // "") == "" then [] else [{ system: $erp, kind: "order", id: $planned }] end)
                                       + [{ system: $erp, kind: "order", id: $order }]) } };

def told($what; $fact):
  { to: named(record.name; record.origin), key: { mark: { text: "\(version)/\($what)" } }, occurred_at: (.body.write_date | at),
    body: { order: { owner_fact: $fact } } };

def total: .tables as $t | "\(record.product_qty | decimal) \(record.product_uom | ours($t.unit))";

def header:
  .tables as $t | .site as $erp | .received_at as $now | total as $total | record
  | { erp: $erp, number: .name, plant: (.warehouse_id[1] | our_plant($t.plant)), material: .product_id[1], total: $total,
      recipe: (.bom_version // null), lot: (.lot_producing // null),
      over_percent: (if .over_tolerance == false then null else .over_tolerance | decimal end),
      start: (.date_start | if . then at else $now end), end: (.date_finished // .date_start | if . then at else $now end) };

def changed:
  told("quantity"; { quantity_changed: { total: total } }),
  (select(record.date_start and record.date_finished)
   | told("dates"; { dates_changed: { start: (record.date_start | at), end: (record.date_finished | at) } }));

def order:
  .body.old_state as $old | .body.state as $new
  | if $old == false then told("created"; { created: header })
    elif $old == $new then (if $new == "draft" then empty else changed end)
    elif $new == "confirmed" and $old == "draft" then told("released"; { released: header })
    elif $old == "to_close" and ($new == "confirmed" or $new == "progress") then told("reopened"; "reopened")
    elif $new == "progress" then empty
    elif $new == "to_close" then told("technically_completed"; "technically_completed")
    elif $new == "done" then told("closed"; "closed")
    elif $new == "cancel" then told("cancelled"; "cancelled")
    else error("an order does not go from \($old) to \($new)") end;

# Somebody posted by hand: every line that belongs to an order is told to it. What carries a reference of a client is ours.
def by_hand:
  .tables as $t | . as $in | record as $picking | select($picking.client_reference == false)
  | $picking.moves[] | . as $line
  | (if .production_id then ["produced", .production_id[1], .location == "Production"]
     elif .raw_material_production_id then ["consumed", .raw_material_production_id[1], .location_dest == "Production"]
     else empty end) as [$use, $order, $forward]
  | $in
  | { to: named($order; null), key: { mark: { text: "\(version)/\($line.id)" } }, occurred_at: (.body.write_date | at),
      who: { user: $picking.write_uid },
      body: { order: { owner_fact: { foreign_posting: {
        document: $picking.name, by: $picking.write_uid, use: $use, material: $line.product_id[1], lot: ($line.lot_name // null),
        qty: "\(if $forward then "" else "-" end)\($line.quantity | decimal) \($line.product_uom | ours($t.unit))" } } } } };

def inputs:
  if .topic == "manufacturing_order" then order
  elif .topic == "stock_picking" then by_hand
  else error("the topic \(.topic) is not known here") end;
