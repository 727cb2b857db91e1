# What this ERP has of an order: moves of pickings that are done, and work logs. It gives 80 records when nobody says how many,
# and floats that were rounded to a thousandth when they came in.
def rows: 1000;
def ours($table): . as $theirs | [$table | to_entries[] | select(.value == $theirs) | .key] | (.[0] // $theirs);
def asked($model; $domain): { method: "GET", path: "/api/\($model)", query: { domain: ($domain | tojson), order: "id", limit: (rows | tostring) }, then: true };
def moves($field): asked("stock_move"; [[$field, "=", .effect.about.order], ["state", "=", "done"]]);
def records($at): .answers[$at].body.records // [];
def pickings: [records(0)[], records(1)[] | .picking_id[1]] | unique;

def request:
  (.answers | length) as $done
  | if $done == 0 then moves("production_id")
    elif .status != 200 then empty
    elif $done == 1 then moves("raw_material_production_id")
    elif $done == 2 then asked("work_log"; [["production_id", "=", .effect.about.order]])
    # Whose reference each picking carries stands in its head.
    elif $done == 3 then asked("stock_picking"; [["name", "in", pickings]])
    # In which unit its work is counted stands in the order.
    elif $done == 4 then asked("manufacturing_order"; [["name", "=", .effect.about.order]])
    else empty end;

# Its times are UTC without saying so.
def utc: sub(" "; "T") + "Z";
def text: if . == false then null else . end;
def exact: ((. | tonumber) * 1000 | round) / 1000 | tostring;

def goods($t; $heads):
  . as $m | (.location == "Production") as $out | (if .production_id then "produced" else "consumed" end) as $use
  | (if ($use == "produced") == $out then "" else "-" end) as $sign
  | ($heads[$m.picking_id[1]] // {}) as $head
  | { document: .picking_id[1], reference: ($head.client_reference | text), by: ($head.write_uid | text), use: $use, material: .product_id[1],
      lot: (.lot_name | text), qty: "\($sign)\(.quantity | exact) \(.product_uom | ours($t.unit))", entered_at: (.write_date | utc) };

# One log says up to five things. It keeps times in minutes.
def work($t; $unit):
  . as $log
  | (["yield", "good"], ["scrap", "scrap"], ["rework", "rework"], ["labour", "labour_minutes"], ["machine", "machine_minutes"]) as $said
  | select($log[$said[1]] != 0)
  | { document: "LOG-\($log.id)", reference: ($log.client_reference | text), by: ($log.write_uid | text), use: $said[0], op: $log.operation,
      material: $log.product_id[1],
      qty: "\($log[$said[1]] | exact) \(if ($said[1] | endswith("minutes")) then "MIN" else ($unit | ours($t.unit)) end)",
      entered_at: ($log.write_date | utc) };

def outcome:
  .tables as $t
  | if .status == 503 or .status == 429 then { not_done: { why: "the ERP is not available" } }
    elif .status != 200 or (.answers | length) < 5 then empty
    elif [.answers[].body.length] | any(. > rows) then { lost: { why: "it has more than \(rows) records of the order" } }
    else
      (reduce records(3)[] as $head ({}; .[$head.name] = $head)) as $heads
      | records(4)[0].product_uom as $unit
      | { read: { entries: ([records(0)[], records(1)[] | goods($t; $heads)] + [records(2)[] | work($t; $unit)]) } }
    end;
