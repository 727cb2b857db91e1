# B2MML, what is to be made: ProductionSchedule (V0401) and OperationsSchedule (V0600, V7), bare or within a transaction such as
# ProcessProductionSchedule. What this takes from the tables: `plant`, `unit`, `location` and, where units are left out, `default.unit`.
def text: .[0]?["#"]? // "";
def given: if . == "" then null else . end;
def ours($table): . as $theirs | [$table // {} | to_entries[] | select(.value == $theirs) | .key] | (.[0] // $theirs);

# A plant by our name: the table's, or where that says nothing of it, the word as it is, when it is a name.
def our_plant($table):
  ours($table) | if test("^[a-z][a-z0-9-]*$") then . else error("the plant code \(.) is not in `tables.plant` of the site's file: add the plant it stands for") end;

# The schedules, of which a transaction may have several, and whether it says that they change or end what was sent before.
def root: .body | to_entries[0];
def schedules:
  root.value[0] | if .DataArea then .DataArea[] | (.ProductionSchedule, .OperationsSchedule) | select(.) | .[] else . end;
def requests: .ProductionRequest // .OperationsRequest // [];
def actions:
  [root.value[0].DataArea[]? | (.Process, .Change, .Sync, .Cancel)[]? | .ActionCriteria[]?.ActionExpression[]?["@actionCode"] | select(.)]
  | unique;
def is_change: (root.key | startswith("Change")) or (actions | any(. == "Change"));
# Of some kept and some ended, nobody here reads the paths that say which.
def is_end:
  (actions | map(select(. == "Delete" or . == "Cancel"))) as $ends
  | if root.key | startswith("Cancel") then true
    elif ($ends | length) == 0 then false
    elif ($ends | length) == (actions | length) then true
    else error("its actions are \(actions | join(" and ")): have what ends sent in a transaction of its own") end;
# What answers or asks is no order: whoever sent it was told, or wants to know.
def is_plan: root.key | test("^(Process|Change|Sync|Cancel)?(Production|Operations)Schedule$");

# The segments of a request: one may be made of others, four deep.
def part: .SegmentRequirement[]?;
def segments: part | ., part, (part | part), (part | part | part);
# What a segment makes and uses: said by the name in V0401, by the use from V0600 on.
def produced: .MaterialProducedRequirement[]?, (.MaterialRequirement[]? | select(.MaterialUse | text | . == "Produced" or . == "Material Produced" or . == "Yield Produced"));
def consumed: .MaterialConsumedRequirement[]?, (.MaterialRequirement[]? | select(.MaterialUse | text | . == "Consumed" or . == "Material Consumed"));
def material: .MaterialDefinitionID | text;

# Where it is made: the site of the request, of its schedule, or of what is made.
# A scope may stand within a wider one, such as the site within its enterprise: the level says which of them is the site, else the
# widest is.
def inner: (.HierarchyScope // .Location // [])[0] // empty;
def within: ., inner, (inner | inner), (inner | inner | inner), (inner | inner | inner | inner);
def at_site:
  (.HierarchyScope, .Location) | select(.) | .[0]
  | [within | { id: (.EquipmentID | text), level: (.EquipmentElementLevel // .EquipmentLevel | text | ascii_downcase) } | select(.id != "")]
  | ([.[] | select(.level == "site")] + .)[0] // empty | .id;
def plant($schedule; $product):
  [(., $schedule, $product) | at_site] | (.[0] // error("it names no site: neither HierarchyScope nor Location has an EquipmentID"));

def quantity($tables; $of):
  .Quantity[0] as $q | ($q.QuantityString | text) as $number | ($q.UnitOfMeasure | text) as $unit
  | if $number == "" then error("the quantity of \($of) is empty")
    elif $number | test("^[+-]?[0-9]+([.][0-9]+)?$") | not then
      error("the quantity of \($of) is `\($number)`: have the number sent plainly, with a point before its decimals, such as 1500.5")
    elif $unit != "" then "\($number) \($unit | ours($tables.unit))"
    elif $tables.default.unit? then "\($number) \($tables.default.unit)"
    else error("the quantity of \($of) has no unit: have it sent, or name one under `tables.default.unit`") end;

# A segment's lines of one material that may be two amounts: only the same id says that they are one line, told again.
def several: length > 1 and (([.[].ID | text] | unique) as $ids | ($ids | length) > 1 or $ids[0] == "");

# One product a request: what one segment makes and another uses up is on its way to it. Where it stands in several segments it is the
# same quantity, told again; anything else is no order of ours.
def product($tables):
  [segments | produced] as $made
  | if ($made | length) == 0 then error("it makes nothing: no segment has a material that is produced") else . end
  | [segments | consumed | material] as $used
  | ([$made[] | material] | unique) as $materials
  | ([$materials[] | select(. as $one | any($used[]; . == $one) | not)] | if . == [] then $materials else . end) as $products
  | if ($products | length) > 1 then
      error("it makes \($products | join(" and ")): an order has one product, so send a request for each; what comes along with it has another MaterialUse, such as `Co-product Produced`")
    else . end
  | $products[0] as $first
  | [$made[] | select(material == $first)] as $same
  | [$same[] | quantity($tables; $first)] as $amounts
  | ([segments | [produced | select(material == $first)] | select(several)] | length > 0) as $twice
  | if $twice then
      error("it makes \($first) more than once in one segment, as \($amounts | join(" and ")): an order has one total, so send a request for each, or one line with the sum, or give lines that are one the same ID")
    elif ($amounts | all(. == $amounts[0])) then $same[0] + { total: $amounts[0], lots: [$same[].MaterialLotID | text | select(. != "")] }
    else error("it makes \($first) more than once, as \($amounts | join(" and ")): an order has one total, so send a request for each") end;

def is_ready: .RequestState // .ProductionRequestState | text | . == "" or . == "Released" or . == "Ready" or . == "InProgress";

# A request that is sent again says the same, until its schedule is published anew.
def key($schedule; $request; $what):
  ($schedule.PublishedDate | text) as $published
  | if $published == "" and .file then {}
    else { key: { mark: { text: "\($schedule.ID | text)/\($request.ID | text)/\($published)/\($what)" } } } end;

def told($schedule; $request; $what; $fact):
  { to: { native: { kind: "order", names: [{ system: .site, kind: "order", id: ($request.ID | text) }] } }, occurred_at: .received_at,
    body: { order: { owner_fact: $fact } } } + key($schedule; $request; $what);

def start($schedule): .StartTime // .EarliestStartTime // .SegmentRequirement[0]?.EarliestStartTime // $schedule.StartTime | text;
def end_($schedule): .EndTime // .LatestEndTime // .SegmentRequirement[-1]?.LatestEndTime // $schedule.EndTime | text;
def time($which; $id): if . == "" then error("the request \($id) has no \($which)") else { local: . } end;

def facts($schedule; $request):
  . as $in | .tables as $t | ($request.ID | text) as $id
  | (try ($request | product($t)) catch error("the request \($id): \(.)")) as $product
  | (try ($request | plant($schedule; $product) | our_plant($t.plant)) catch error("the request \($id): \(.)")) as $plant
  | ($request | start($schedule) | time("start"; $id)) as $start | ($request | end_($schedule) | time("end"; $id)) as $end
  | { erp: $in.site, number: $id, plant: $plant, material: ($product | material), total: $product.total,
      recipe: ($request.ProductProductionRuleID // $request.OperationsDefinitionID | text | given
               | if . and $t.recipe? then ours($t.recipe) else null end),
      lot: ($product.lots[0] // null), start: $start, end: $end } as $header
  | (if $request | is_ready then told($schedule; $request; "released"; { released: $header })
     else told($schedule; $request; "created"; { created: $header }) end),
    (if is_change then told($schedule; $request; "dates"; { dates_changed: { start: $start, end: $end } }) else empty end);

# A schedule of operations may hold what is nobody's production, such as maintenance.
def is_other: .OperationsType | text | . == "Maintenance" or . == "Quality" or . == "Inventory";

def inputs:
  . as $in
  | if is_plan then . else error("this is no schedule with requests: it begins with \(root.key)") end
  | [schedules] as $schedules
  | if ([$schedules[] | requests[]] | length) == 0 then error("this is no schedule with requests: \(root.key) has none") else . end
  | if [$schedules[] | requests[]] | all(is_other) then error("nothing in it is production: OperationsType says so") else . end
  | is_end as $end
  | $schedules[] as $schedule
  | $schedule | requests[] | select(is_other | not) as $request
  | if ($request.ID | text) == "" then error("a request has no ID") else . end
  | ($request.RequestState | text) as $state
  # A forecast is no order, and what is withdrawn there is cancelled here.
  | if $state == "Forecast" then empty
    elif $end or $state == "Cancelled" or $state == "Canceled" or $state == "Aborted" then
      $in | told($schedule; $request; "cancelled"; "cancelled")
    else $in | facts($schedule; $request) end;
