# B2MML, what was done: ProductionPerformance (V0401) and OperationsPerformance (V0600, V7), bare or within a transaction. A material
# that stands twice was used twice: every line is a report of its own. From the tables: `unit`, `op`, and where units are left out,
# `default.unit`; `orders.by` is `entity` where the plant repeats our own id, and else its orders are known by their ERP's number.
def text: .[0]?["#"]? // "";
def given: if . == "" then null else . end;
def ours($table): . as $theirs | [$table // {} | to_entries[] | select(.value == $theirs) | .key] | (.[0] // $theirs);
def root: .body | to_entries[0];
def performances:
  root.value[0] | if .DataArea then .DataArea[] | (.ProductionPerformance, .OperationsPerformance) | select(.) | .[] else . end;
def responses: .ProductionResponse // .OperationsResponse // [];
# What is taken back is no report: a count that was wrong is corrected, by a person or in the words of the plant.
def is_report: (root.key | test("^(Process|Sync|Change|Show)?(Production|Operations)Performance$"))
  and ([root.value[0].DataArea[]? | (.Process, .Change, .Sync)[]? | .ActionCriteria[]?.ActionExpression[]?["@actionCode"]]
       | all(. != "Delete" and . != "Cancel"));

# The materials of a segment, each with what became of it and its place in the message.
def actuals:
  [(.MaterialConsumedActual[]? | { use: "consumed", line: . }), (.MaterialProducedActual[]? | { use: "produced", line: . }),
   (.MaterialActual[]? | { use: (.MaterialUse | text | ascii_downcase | if contains("consumed") then "consumed" elif contains("scrap") then "scrap"
                                                                      elif test("(co|by)-?product") then "along"
                                                                      elif contains("produced") then "produced" else "?\(.)" end), line: . })]
  | to_entries[] | .value + { at: .key };

def quantity($tables; $of):
  (.Quantity[0]?.QuantityString | text) as $number | (.Quantity[0]?.UnitOfMeasure | text) as $unit
  | ([.Quantity[1:][]? | select((.UnitOfMeasure | text) == $unit) | .QuantityString | text | select(. != $number and (test("^0*([.]0*)?$") | not))]) as $others
  | if $number == "" then error("the quantity of \($of) is empty, which is not nothing")
    elif ($others | length) > 0 then error("the quantity of \($of) is \($number) and \($others | join(" and ")): have the one sent that was counted")
    elif $unit != "" then "\($number) \($unit | ours($tables.unit))"
    elif $tables.default.unit? then "\($number) \($tables.default.unit)"
    else error("the quantity of \($of) has no unit: have it sent, or name one under `tables.default.unit`") end;

def order($id): if .tables.orders.by? == "entity" then { entity: $id }
  else { native: { kind: "order", names: [{ system: (.tables.orders.erp? // .site), kind: "order", id: $id }] } } end;

def key($response; $segment; $what):
  (.performance.ID | text) as $id
  | if $id == "" and .file then {}
    elif $id == "" and ($response.ID | text) == "" and ($segment.ID | text) == "" then
      error("neither it nor its responses nor their segments have an ID, so that the same again could not be told from the next: have one of them sent")
    else { key: { mark: { text: "\($id)/\($response.ID | text)/\($segment.ID | text)/\($what)" } } } end;

# When it happened: at the end of the segment, or of the response, or when it was published.
def when($response; $segment):
  [$segment.ActualEndTime, $segment.ActualStartTime, $response.EndTime, .performance.PublishedDate | text | select(. != "")][0]
  | if . then { local: . } else error("nothing in it says when it happened") end;

def told($response; $segment; $what; $report):
  { to: order($response.ProductionRequestID // $response.OperationsRequestID | text | if . == "" then error("a response names no request") else . end),
    occurred_at: when($response; $segment), body: { order: { report: $report } } } + key($response; $segment; $what);

def op($t): .ProcessSegmentID // .ID | text | if . == "" then error("a segment has no ID") else ours($t.op) end;

def of_material($response; $segment; $op):
  .tables as $t | . as $in | ($segment | actuals) as $a | ($a.line.MaterialDefinitionID | text) as $material
  | ($a.line | quantity($t; $material)) as $qty
  | ([$a.line.MaterialLotID[]? | [.] | text | select(. != "")] | unique) as $lots
  | if ($lots | length) > 1 then error("\($material) is of the lots \($lots | join(" and ")), and one quantity is said for them: have a line sent for each") else . end
  | ($lots[0] // null) as $lot
  | if $a.use == "consumed" then
      told($response; $segment; "\($a.at)"; { consumed: { op: $op, material: $material, lot: $lot, amount: { qty: $qty } } })
    elif $a.use == "produced" then
      told($response; $segment; "\($a.at)/work"; { confirmed: { op: $op, good: { qty: $qty } } }),
      told($response; $segment; "\($a.at)"; { produced: { output: "main", material: $material, lot: $lot, amount: { qty: $qty } } })
    elif $a.use == "along" then
      told($response; $segment; "\($a.at)"; { produced: { output: "co_product", material: $material, lot: $lot, amount: { qty: $qty } } })
    elif $a.use == "scrap" then told($response; $segment; "\($a.at)"; { confirmed: { op: $op, scrap: { qty: $qty } } })
    else error("\($material) has the use `\($a.use | ltrimstr("?"))`, which is none that is reported") end;

def is_over: text | . == "Completed" or . == "Complete";

# Everybody's time is a report of its own, known by its place.
def labour($response; $segment; $op):
  .tables as $t | . as $in
  | ([$segment.PersonnelActual[]? | select(.Quantity)] | to_entries[]) as $who
  | ($who.value | quantity($t; "labour")) as $qty
  | $in | told($response; $segment; (if $who.key == 0 then "labour" else "labour/\($who.key)" end);
               { confirmed: { op: $op, labour: { qty: $qty } } });

def over($response; $segment; $op): told($response; $segment; "over"; { confirmed: { op: $op, last: true } });

def of_segment($response; $segment):
  . as $in | .tables as $t | ($segment | op($t)) as $op
  | if $segment.SegmentResponse then
      error("the segment \($op) has segments within it, and nothing says whether it counts what they count: have each sent by itself")
    else . end
  | ([$segment | actuals | select(.use == "produced") | .line.MaterialDefinitionID | text] | unique) as $made
  | if ($made | length) > 1 then
      error("the segment \($op) produced \($made | join(" and ")): the pieces of one are counted as work; say of the other that it comes along, by a MaterialUse such as `Co-product Produced`")
    else . end
  | $in
  | of_material($response; $segment; $op), labour($response; $segment; $op),
    (if $segment.SegmentState | is_over then over($response; $segment; $op) else empty end);

def of_response($response):
  . as $in
  | ($response.SegmentResponse[]? as $segment | $in | of_segment($response; $segment)),
    ($in | if $response.ResponseState | is_over then told($response; {}; "completed"; "completed") else empty end);

def inputs:
  if is_report then . else error("this is no performance with responses: it begins with \(root.key), or takes something back") end
  | [performances] as $all
  | if ([$all[] | responses[]] | length) == 0 then error("this is no performance with responses: \(root.key) has none") else . end
  | . as $in | $all[] as $performance | $performance | responses[] as $response
  | $in + { performance: $performance } | of_response($response);
