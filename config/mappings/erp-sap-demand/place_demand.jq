# Has the ERP plan for a demand, once: as a planned independent requirement that carries the demand's own name. The ERP has no
# dedup, so it is searched by that name before anything is written; what is so already is not written again.
def service: "/sap/opu/odata/sap/API_PLND_INDEP_RQMT_SRV";
def name: .effect.demand | "\(.system)/\(.number)";
def search: { method: "GET", path: "\(service)/A_PlndIndepRqmt", query: { "$filter": "RequirementReference eq '\(name)'" } };
def wanted: .effect.signal;
def withdrawn: wanted.firmness == "withdrawn";
def day: "\(wanted.due)T00:00:00";
def refused: { rejected: { code: ((try .body.error.code catch null) // "HTTP \(.status)"), text: ((try .body.error.message.value catch null) // "") } };

# The requirement as it was found. A search that was answered lists what it found, if only nothing.
def searched: (try .answers[0].body.d.results catch null) | type == "array";
def found: .answers[0].body.d.results[0]?;
def at($requirement): "\(service)/A_PlndIndepRqmt('\($requirement.PlndIndepRqmt)')";
def is_so($requirement):
  if withdrawn then $requirement == null
  else $requirement != null and $requirement.RequirementVersion == (wanted.version | tostring) and $requirement.IsFirm == (wanted.firmness == "firm") end;

def facts:
  { RequirementVersion: (wanted.version | tostring), PlannedQuantity: (wanted.total | split(" ")[0]), RequirementDate: day,
    IsFirm: (wanted.firmness == "firm") };
def create:
  .tables as $t | name as $name | wanted as $w
  | { method: "POST", path: "\(service)/A_PlndIndepRqmt",
      body: (facts + { Material: $w.material, Plant: ($t.plant[$w.plant] // $w.plant), RequirementReference: $name,
                       BaseUnit: ($w.total | split(" ")[1] | $t.unit[.] // .) }) };

def request:
  (.answers | length) as $done | found as $found
  | if $done == 0 then search + { then: true }
    elif $done > 1 or .status >= 300 or (searched | not) or is_so($found) then empty
    elif withdrawn then { method: "DELETE", path: at($found) }
    elif $found == null then create
    else { method: "PATCH", path: at($found), body: facts } end;

def outcome:
  found as $found
  | if .status >= 200 and .status < 300 and searched then
      { accepted: (if withdrawn then {} else { document: ($found.PlndIndepRqmt // .body.d.PlndIndepRqmt) } end) }
    # Somebody dropped it meanwhile: there is nothing to drop any more.
    elif .status == 404 and withdrawn then { accepted: {} }
    elif ((try .body.error.code catch null) // null) == "CO/469" or .status == 423 then { not_done: { why: "the requirement is open at somebody's desk" } }
    elif .status == 400 or .status == 404 then refused
    else empty end;

def probe: search;

def probed:
  found as $found
  | if .status != 200 or (searched | not) then empty
    elif is_so($found) then { found: (if withdrawn then {} else { document: $found.PlndIndepRqmt } end) }
    else "absent" end;
