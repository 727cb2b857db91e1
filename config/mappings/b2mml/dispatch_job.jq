# B2MML, what is to be made, told to a plant: a job as an OperationsSchedule, or as the ProductionSchedule of V0401 where
# `tables.b2mml.version` says V0401. Its request is called by our own id and the attempt, so that what is reported leads straight
# back; see `orders.by` in performance.jq. Laid down as a file, or posted to `tables.path.dispatch_job`.
def value: split(" ")[0];
def unit($t): split(" ")[1] | ($t.unit[.]? // .);
def is_old: .tables.b2mml.version? == "V0401";
def namespace: if .tables.b2mml.namespace? then .tables.b2mml.namespace elif is_old then "http://www.wbf.org/xml/B2MML-V0401" else "http://www.mesa.org/xml/B2MML-\(.tables.b2mml.version? // "V0600")" end;
def filled: [.[] | select(.[keys[0]] != null and .[keys[0]] != "")];
def amount($t): { Quantity: { ">": [{ QuantityString: value }, { DataType: "decimal" }, { UnitOfMeasure: unit($t) }] } };

def material($t; $old; $use; $name; $lot; $qty):
  ([{ MaterialDefinitionID: $name }, { MaterialLotID: $lot }] | filled) as $names
  | if $old then { "Material\($use)Requirement": { ">": ($names + [$qty | amount($t)]) } }
    else { MaterialRequirement: { ">": ($names + [{ MaterialUse: $use }, ($qty | amount($t))]) } } end;

def equipment: if . then [{ EquipmentRequirement: { ">": [{ EquipmentID: . }] } }] else [] end;

# An operation with what it uses; the last one makes the product.
def segments:
  .tables as $t | is_old as $old | .effect as $job | ($job.operations | length) as $count
  | [$job.operations | to_entries[] | .key as $at | .value as $op
     | { SegmentRequirement: { ">": ([{ ID: $op.op }, { ProcessSegmentID: ($t.op[$op.op]? // $op.op) }] + ($op.equipment[0] | equipment)
         + (if $at == $count - 1 then [material($t; $old; "Produced"; $job.material; $job.lot; $job.total)] else [] end)
         + [$job.components[] | select(.op == $op.op) | material($t; $old; "Consumed"; .material; .lot; .required)]) } }];

def request_of:
  .effect as $job | is_old as $old
  | { ">": ([{ ID: $job.order }, { Description: $job.description },
             { (if $old then "ProductProductionRuleID" else "OperationsDefinitionID" end): $job.recipe },
             { StartTime: $job.start }, { EndTime: $job.end }] + segments
            + (if $old then [] else [{ RequestState: "Released" }] end)) };

def document:
  (if is_old then ["ProductionSchedule", "ProductionRequest"] else ["OperationsSchedule", "OperationsRequest"] end) as $names
  | { ($names[0]): { "@xmlns": namespace,
      ">": [{ ID: "\(.reference)/\(.effect.attempt)" }, { StartTime: .effect.start }, { EndTime: .effect.end }, { ($names[1]): request_of }] } };

def file: { name: "schedule", body: document };
def request: { method: "POST", path: (.tables.path.dispatch_job? // "/"), as: "xml", body: document };
def outcome: if .status >= 200 and .status < 300 then { accepted: {} } else empty end;
