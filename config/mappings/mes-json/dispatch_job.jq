# A job for the MES: routing, stations, bill of material, lot and schedule in one. The MES knows our key again, so sending it
# twice is safe. The key begins with our order, so that every report leads straight to it.
def number: split(" ")[0];
def measure($units): split(" ")[1] | ($units[.] // .);

def request:
  .tables.unit as $units | .effect as $job
  | { method: "POST", path: "/jobs",
      body: { externalKey: "\($job.order)/\($job.attempt)", part: $job.material, recipeVersion: $job.recipe,
              pieces: ($job.total | number), lot: $job.lot, notes: "due \($job.end)",
              steps: [$job.operations[] | { step: (.op | tonumber), station: .equipment[0] }],
              materials: [$job.components[] | { item, part: .material, step: (.op | tonumber), amount: (.required | number),
                                                measure: (.required | measure($units)), lot }] } };

def outcome:
  if .status == 200 or .status == 201 then
    if .body.verdict == "accepted" then { accepted: { alias: { system: .site, kind: "job", id: .body.job } } }
    elif .body.verdict == "rejected" then { rejected: { code: .body.code, text: (.body.detail // .body.code) } }
    else { lost: { why: "the answer has no verdict" } } end
  elif .status == 423 then { not_done: { why: .body.detail } }
  elif .status == 409 or .status == 400 then { rejected: { code: .body.fault, text: (.body.detail // "") } }
  else empty end;
