# B2MML, what was done, told to an ERP: one posting as an OperationsPerformance, or as the ProductionPerformance of V0401 where
# `tables.b2mml.version` says V0401. Laid down as a file, or posted to `tables.path.post`. A negative quantity takes back.
def value: split(" ")[0];
def unit($t): split(" ")[1] | ($t.unit[.]? // .);
def is_old: .tables.b2mml.version? == "V0401";
def namespace: if .tables.b2mml.namespace? then .tables.b2mml.namespace elif is_old then "http://www.wbf.org/xml/B2MML-V0401" else "http://www.mesa.org/xml/B2MML-\(.tables.b2mml.version? // "V0600")" end;
def filled: [.[] | select(.[keys[0]] != null and .[keys[0]] != "")];

def amount($t): { ">": [{ QuantityString: value }, { DataType: "decimal" }, { UnitOfMeasure: unit($t) }] };

# How a line is called: by its element in V0401, by its use after that.
def use: { consumed: "Consumed", produced: "Produced", yield: "Produced", scrap: "Scrap", rework: "Rework" }[.series.use];
def material($t; $old):
  . as $line | (.qty | amount($t)) as $quantity | [{ MaterialDefinitionID: .series.material }, { MaterialLotID: .series.lot }] as $names
  | if $old then
      { (if .series.use == "consumed" then "MaterialConsumedActual" else "MaterialProducedActual" end): { ">": (($names | filled) + [{ Quantity: $quantity }]) } }
    else { MaterialActual: { ">": (($names | filled) + [{ MaterialUse: ($line | use) }, { Quantity: $quantity }]) } } end;

def is_time: .series.use == "labour" or .series.use == "machine";
def time($t): { (if .series.use == "labour" then "PersonnelActual" else "EquipmentActual" end): { ">": [{ Quantity: (.qty | amount($t)) }] } };

# One segment an operation, its lines in the order that the schema wants: people, equipment, materials.
def segment($lines):
  .tables as $t | is_old as $old | ($lines[0].series.op // "") as $op
  | { SegmentResponse: { ">": (([{ ID: $op }, { ProcessSegmentID: ($t.op[$op]? // $op) }] | filled)
      + [$lines[] | select(is_time and .series.use == "labour") | time($t)] + [$lines[] | select(is_time and .series.use == "machine") | time($t)]
      + [$lines[] | select(is_time | not) | material($t; $old)]
      + (if $old or (.effect.posting.last // false | not) then [] else [{ SegmentState: "Completed" }] end)) } };

def segments: . as $in | [.effect.posting.lines | group_by(.series.op // "")[] as $lines | $in | segment($lines)];

def response:
  (if is_old then "ProductionRequestID" else "OperationsRequestID" end) as $request
  | { ">": ([{ ID: .reference }, { ($request): .effect.erp_order }] + segments) };

def document:
  (if is_old then ["ProductionPerformance", "ProductionResponse"] else ["OperationsPerformance", "OperationsResponse"] end) as $names
  | if is_old and ([.effect.posting.lines[].series.use] | any(. == "scrap" or . == "rework")) then
      error("V0401 has no word for scrap or rework: post them by another mapping, or with a newer version")
    else . end
  | { ($names[0]): { "@xmlns": namespace,
      ">": ([{ ID: .reference }, { Description: "\(.effect.posting.movement) \(.effect.posting.code)" },
             { (if is_old then "Location" else "HierarchyScope" end): { ">": [{ EquipmentID: (.tables.plant[.effect.plant]? // .effect.plant) }] } },
             { PublishedDate: "\(.effect.posting.date)T00:00:00" }, { ($names[1]): response }]) } };

# The system numbers its own document; here it is known by our reference, which that one carries.
def file: { name: "performance", body: document, document: .reference };
def request: { method: "POST", path: (.tables.path.post? // "/"), as: "xml", body: document };
def outcome: if .status >= 200 and .status < 300 then { accepted: { document: .reference } } else empty end;
