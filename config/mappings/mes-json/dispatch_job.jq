# A job for the MES: routing, stations, bill of material, lot and schedule in one. The MES knows our key again, so sending it
# twice is safe. The key begins with our order, so that every report leads straight to it.
def number: split(" ")[0];
# What this MES counts in; pieces, unless the site's table `counts` says otherwise: `counts: {in: MTR}`.
def counts: (.tables.counts // {}).in // "H87";
# So many of what it counts in: of anything else it would make another quantity without a word.
def counted($in): split(" ") as $said
  | if $said[1] == $in then $said[0]
    else error("the order is of \($said | join(" ")), and the MES counts in \($in): keep the material in \($in), or write `counts: {in: \($said[1])}` into the tables of the site if that is what it counts in") end;
def measure($units): split(" ")[1] | ($units[.] // .);

def request:
  .tables.unit as $units | counts as $in | .effect as $job
  | { method: "POST", path: "/jobs",
      body: { externalKey: "\($job.order)/\($job.attempt)", part: $job.material, recipeVersion: $job.recipe,
              pieces: ($job.total | counted($in)), lot: $job.lot, notes: "due \($job.end)",
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
