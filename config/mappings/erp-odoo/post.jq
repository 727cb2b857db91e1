# One posting: a picking for goods, a work log for work. This ERP knows no reference twice: ours stands in `client_reference`
# and is searched before anything is created. A picking moves nothing until it is validated, and what is answered with `true`
# need not be so: the record is read at the end. A negative line takes back, the other way round.
def is_work: .effect.posting.movement == "confirmation";
def model: if is_work then "work_log" else "stock_picking" end;
def search: { method: "GET", path: "/api/\(model)", query: { domain: ([["client_reference", "=", .reference]] | tojson), order: "id" } };
def number: split(" ")[0] | tonumber;
def size: split(" ")[0] | ltrimstr("-") | tonumber;
def negative: startswith("-");
def unit($t): split(" ")[1] | ($t.unit[.] // .);

# A line goes from production into stock when it was made, and from stock into production when it was used.
def move($line):
  .tables as $t | .effect as $e | ($e.posting.movement == "goods_receipt") as $made
  | (if $made then $t.stock[$line.series.status] else $t.stock.unrestricted end) as $stock
  | (if $made == ($line.qty | negative) then { location: $stock, location_dest: "Production" }
     else { location: "Production", location_dest: $stock } end)
    + (if $made then { production_id: $e.erp_order } else { raw_material_production_id: $e.erp_order } end)
    + { product_id: $line.series.material, lot_name: ($line.series.lot // false), quantity: ($line.qty | size),
        product_uom: ($line.qty | unit($t)), warehouse_id: ($t.plant[$e.plant] // $e.plant) };

def picking:
  . as $in | .effect.posting as $p
  | { client_reference: .reference, date: $p.date, note: ($p.original_date // false), moves: [$p.lines[] as $line | [0, 0, ($in | move($line))]] };

# What a line of work is called here. It keeps times in minutes.
def field: { yield: "good", scrap: "scrap", rework: "rework", labour: "labour_minutes", machine: "machine_minutes" }[.];
def minutes: (split(" ")[1] | { MIN: 1, HUR: 60, SEC: (1 / 60) }[.]) as $factor | if $factor then (number | tonumber) * ($factor | tonumber) else error("\(.) is no time") end;
def amount($line): $line.qty | if $line.series.use == "labour" or $line.series.use == "machine" then minutes else number end;

def log:
  . as $in | .effect.posting as $p
  | reduce $p.lines[] as $line (
      { client_reference: .reference, production_id: .effect.erp_order, operation: $p.lines[0].series.op, date: $p.date,
        note: ($p.original_date // false), final: ($p.last // false) };
      # Two lines of one use are one number; floats are brought back to the thousandth they were counted in.
      ($in | amount($line)) as $more
      | .[$line.series.use | field] |= if . == null then $more else ((. + $more | tonumber) * 1000 | round / 1000) end);

# What it has under our reference: one that counts, or a draft that an attempt before left behind.
def records: [.answers[]? | select(.status == 200) | .body.records?] | map(arrays) | last // [];
def standing: [records[] | select((.state // "done") == "done")] | .[0];
def draft: [records[] | select(.state == "draft")] | .[0].id;
def made: [.answers[]? | .body.result? | numbers] | last;
def faults: [.answers[]? | .body.error? | objects | .data];
# A question of its own instead of an answer.
def asked_back: [.answers[]? | .body.result? | objects] | .[0];

def request:
  (.answers | length) as $done | (draft // made) as $id
  | if $done == 0 then search + { then: true }
    elif .status != 200 or standing then empty
    elif $id == null then
      (if $done > 1 or (faults | length) > 0 then empty
       else { method: "POST", path: "/api/\(model)", body: { values: (if is_work then log else picking end) }, then: true } end)
    elif is_work then (if .body.result == $id then search else empty end)
    elif .body.result == true then (if (faults | length) > 0 or asked_back then empty else search end)
    # Refused, or asked back: a draft that stays is one that somebody validates by mistake.
    elif (faults | length) == 1 or ((faults | length) == 0 and asked_back) then
      { method: "POST", path: "/api/stock_picking/\($id)/action_cancel", body: { args: {} }, then: true }
    elif (faults | length) == 0 then { method: "POST", path: "/api/stock_picking/\($id)/button_validate", body: { args: {} }, then: true }
    else empty end;

def receipt: if is_work then { document: "LOG-\(standing.id)" } else { document: standing.name } end;

def outcome:
  faults as $faults
  | if .status == 503 or .status == 429 then { not_done: { why: "the ERP is not available" } }
    elif .status != 200 then empty
    elif standing then { accepted: receipt }
    elif ($faults | any(.name == "psycopg2.errors.SerializationFailure")) then { not_done: { why: "somebody else writes the order" } }
    elif $faults[0].name == "exceptions.MissingError" then { not_done: { why: "the ERP said yes and did nothing" } }
    elif ($faults | length) > 0 then { rejected: { code: $faults[0].name, text: $faults[0].message } }
    elif asked_back then { rejected: { code: asked_back.res_model, text: asked_back.message } }
    else { not_done: { why: "the ERP said yes and did nothing" } } end;

def probe: search;

def probed:
  if .status != 200 or ((try .body.records catch null) | type) != "array" then empty
  elif standing then { found: receipt }
  else "absent" end;
