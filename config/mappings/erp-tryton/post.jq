# One posting. Tryton knows no reference of ours with a movement, and says 200 and `null` to what it leaves aside. So our reference is
# written into the order together with the movements, in one of its transactions and only if nobody wrote the order since it was read;
# the movements count when they are done, and what counts is read in the end. A refused movement is taken out again with its reference.
# Work is a note at the order, and the last of it ends the order.
#
# Each step is known again by the `id` of its answer. Everything is named by code and looked up.
def posting: .effect.posting;
def is_work: posting.movement == "confirmation";
def call($id; $method; $params): { method: "POST", path: "/", body: { id: $id, method: $method, params: $params }, then: true };
def look($id; $method; $params): call($id; $method; $params) + { reads: true };

def result($id): [.answers[]? | select(.status == 200 and .body.id == $id) | .body.result | arrays] | last // [];
def went($id): [.answers[]? | select(.body.id == $id)] | length > 0;
def fault: [.answers[]? | select(.body.error) | { step: .body.id, kind: "\(.body.error[0])", said: .body.error[1] }] | .[0];

def order: result("order")[0];
def moves($of): order | (.["inputs."] // []) + (.["outputs."] // []) | map(select(.state == "draft")) | map(select((.["create_uid."].login == $of)));
def mine: .tables.us.login as $us | moves($us);
def planned: .tables.us.login as $us | order | [(.["inputs."] // [])[], (.["outputs."] // [])[]] | map(select(.state == "draft" and .["create_uid."].login != $us));
def context: { company: order.company };
# As we read it: Tryton refuses the write when somebody wrote the order since.
def unchanged: context + { _timestamp: { "production,\(order.id)": order._timestamp } };
def references: (order.reference // "") | split(" ") | map(select(. != ""));
def marked: .reference as $ours | references | any(. == $ours);

def read_order:
  look("order"; "model.production.search_read";
    [[["number", "=", .effect.erp_order]], 0, 2, null,
     ["number", "state", "reference", "company", "company.currency", "location", "_timestamp", "inputs.state", "inputs.create_uid.login",
      "outputs.state", "outputs.create_uid.login"], {}]);

# What a line is called there.
def lines: posting.lines;
def codes: [lines[].series.material] | unique;
def symbol($t): split(" ")[1] | theirs($t.unit);
def symbols: .tables as $t | [lines[].qty | symbol($t)] | unique;
def status: .series.status // "unrestricted";
def places: (.tables.stock // {}) as $stock | [lines[] | status as $s | $stock[$s] // ""] | unique;
def lots: [lines[].series.lot | values] | unique;
def id($id; $field; $code): result($id) | map(select(.[$field] == $code)) | .[0].id;
def lot_id($line): id("products"; "code"; $line.series.material) as $product | $line.series.lot as $lot
  | if $lot == null then null else (result("lots") | map(select(.number == $lot and .product == $product)) | .[0].id) end;
def amount: split(" ")[0] | ltrimstr("-") | tonumber;
def negative: startswith("-");
def made: posting.movement == "goods_receipt";
def new_lots:
  . as $in | [lines[] | select(.series.lot != null) | select(. as $line | $in | lot_id($line) == null)
              | { number: .series.lot, product: (.series.material as $code | $in | id("products"; "code"; $code)) }] | unique;

# What cannot be looked up, in words.
def unknown:
  . as $in | .tables as $t
  | [ (codes[] as $code | select($in | id("products"; "code"; $code) == null) | "product \($code)"),
      (symbols[] as $symbol | select($in | id("units"; "symbol"; $symbol) == null) | "unit \($symbol)"),
      (places[] as $place | select($in | id("places"; "code"; $place) == null) | "place \($place) of `tables.stock`") ]
  | if length == 0 then null else "it has no " + join(", no ") end;
def missing_lots: if made then null else new_lots | if length == 0 then null else "it has no lot " + (map(.number) | join(", ")) end end;

def move($line):
  .tables as $t | . as $in | order as $o
  | ($t.stock[$line | status]) as $place | id("places"; "code"; $place) as $stock
  | (made != ($line.qty | negative)) as $out
  | (posting.date | typed_date("__class__")) as $date | lot_id($line) as $lot
  | { product: ($in | id("products"; "code"; $line.series.material)), unit: ($in | id("units"; "symbol"; ($line.qty | symbol($t)))),
      quantity: ($line.qty | amount), company: $o.company, effective_date: $date }
    + (if $lot then { lot: $lot } else {} end)
    + (if $out then { from_location: $o.location, to_location: $stock, unit_price: (0 | typed_decimal("__class__")),
                      currency: $o["company."].currency }
       else { from_location: $stock, to_location: $o.location } end);
def moving($out): . as $in | made as $made | [lines[] | select(($made != (.qty | negative)) == $out) | . as $line | $in | move($line)]
  | if length == 0 then null else [["create", .]] end;
def values_of($inputs; $outputs): (if $inputs then { inputs: $inputs } else {} end) + (if $outputs then { outputs: $outputs } else {} end);
def write_moves:
  call("write"; "model.production.write";
    [[order.id], { reference: (references + [.reference] | join(" ")) } + values_of(moving(false); moving(true)), unchanged]);
def do_moves: call("do"; "model.stock.move.do"; [[mine[].id], context]);
def undo:
  .reference as $ours
  | call("undo"; "model.production.write";
      [[order.id], { reference: (references | map(select(. != $ours)) | join(" ")),
                     inputs: [["delete", [mine[].id]]], outputs: [["delete", [mine[].id]]] }, context]);

# Whether all names are known: then the order is read once more and written at once, because people write it, too.
def looked_up: went("places") and ((lots | length) == 0 or (went("lots") and (new_lots | length) == 0));

def goods($step):
  if $step == "order" then
    if order == null or went("undo") then empty
    elif marked then (if (mine | length) == 0 or went("do") then empty else do_moves end)
    elif went("write") or order.state == "cancelled" then empty
    elif looked_up then write_moves
    else look("products"; "model.product.product.search_read"; [[["code", "in", codes]], 0, null, null, ["code"], context]) end
  elif $step == "products" then
    look("units"; "model.product.uom.search_read"; [[["symbol", "in", symbols]], 0, null, null, ["symbol"], context])
  elif $step == "units" then
    look("places"; "model.stock.location.search_read"; [[["code", "in", places]], 0, null, null, ["code"], context])
  elif $step == "places" or $step == "new_lots" then
    if unknown then empty
    elif (lots | length) == 0 then read_order
    else look("lots"; "model.stock.lot.search_read"; [[["number", "in", lots]], 0, null, null, ["number", "product"], context]) end
  elif $step == "lots" then
    if (new_lots | length) == 0 then read_order
    elif missing_lots or went("new_lots") then empty
    else call("new_lots"; "model.stock.lot.create"; [new_lots, context]) end
  elif $step == "write" or $step == "do" or $step == "undo" then read_order
  else empty end;

# Work: a note, and after the last report the order goes on step by step to its end. What was planned and not used is taken out.
def told:
  . as $in | "\(.reference) " + ([lines[] | "op \(.series.op // "-"): \(.qty) \(.series.use)"] | join(", ")) + (if posting.last then ", last" else "" end);
def find_note: look("note"; "model.ir.note.search_read"; [[["message", "like", "\(.reference) %"]], 0, 1, null, ["id"], {}]);
def noted: (result("note") | length) > 0;
def last_note: [.answers[]? | select(.body.id == "note" or .body.id == "noted")] | last;
def ends: posting.last // false;
def unused($field): .tables.us.login as $us | [order[$field][]? | select(.state == "draft" and .["create_uid."].login != $us) | .id];
def ending:
  order.state as $state
  | if $state == "waiting" and (planned | length) > 0 then
      call("clear"; "model.production.write";
        [[order.id], { inputs: [["delete", unused("inputs.")]], outputs: [["delete", unused("outputs.")]] }, unchanged])
    elif $state == "waiting" then call("assign"; "model.production.assign_force"; [[order.id], context])
    elif $state == "assigned" then call("run"; "model.production.run"; [[order.id], context])
    elif $state == "running" then call("end"; "model.production.do"; [[order.id], context])
    else empty end;
# A step that changed nothing is not taken again.
def stuck: ending as $next | went($next.body.id);

def work($step):
  if $step == "order" then
    if order == null then empty
    elif went("note") | not then find_note
    elif ends | not then empty
    elif order.state == "done" or order.state == "cancelled" or stuck then empty
    else ending end
  elif $step == "note" then
    if noted then (if ends then read_order else empty end)
    elif went("noted") then empty
    else call("noted"; "model.ir.note.create"; [[{ resource: "production,\(order.id)", message: told }], {}]) end
  elif $step == "noted" then find_note
  else read_order end;

def request:
  (.answers | last | .body.id?) as $step
  | if (.answers | length) == 0 then read_order
    elif .status != 200 then empty
    elif .body.error then (if $step == "do" then undo else empty end)
    elif is_work then work($step)
    else goods($step) end;

def stands: order != null and (if is_work then noted and ((ends | not) or order.state == "done") else marked and (mine | length) == 0 end);
def receipt: { document: "\(order.number)/\(.reference)" };
def words: if type == "array" then [.[0, 1] | strings | select(. != "")] | join(" ") else "\(.)" end;

def outcome:
  fault as $fault
  | if .status == 503 or .status == 429 then { not_done: { why: "Tryton is not available" } }
    # What is no answer of Tryton says nothing.
    elif .status != 200 or (.body | type) != "object" then empty
    elif $fault == null and stands then { accepted: receipt }
    elif $fault.kind == "ConcurrencyException" and $fault.step != "undo" then { not_done: { why: "somebody else writes the order" } }
    elif $fault.kind == "UserError" or $fault.kind == "UserWarning" then
      if $fault.step == "do" and (marked or (went("undo") | not)) then { lost: { why: "refused, and its movements still stand there: \($fault.said | words)" } }
      else { rejected: { code: $fault.kind, text: ($fault.said | words) } } end
    elif $fault then { lost: { why: "Tryton says \($fault.kind | .[0:200])" } }
    elif order == null then { rejected: { code: "NO_ORDER", text: "Tryton has no production \(.effect.erp_order)" } }
    elif (is_work | not) and went("places") and unknown then { rejected: { code: "NOT_FOUND", text: unknown } }
    elif (is_work | not) and went("lots") and missing_lots then { rejected: { code: "NOT_FOUND", text: missing_lots } }
    elif order.state == "cancelled" then { rejected: { code: "CANCELLED", text: "the order was cancelled in Tryton" } }
    else { not_done: { why: "Tryton said yes and did nothing" } } end;

# Movements that stand there and do not count yet are gone on with by the next attempt.
def probe:
  (.answers | last | .body.id?) as $step
  | if (.answers | length) == 0 then read_order
    elif .status != 200 or .body.error then empty
    elif is_work and $step == "order" and order then find_note
    else empty end;

def probed:
  if .status != 200 or (.body.result? | type) != "array" then empty
  elif stands then { found: receipt }
  else "absent" end;
