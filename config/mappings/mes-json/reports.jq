# What the line tells. `sequence` counts without gaps within a job, and the attempt in our own key tells jobs apart: together
# they are the key by which a report that is told twice is known.
# What this MES counts in; pieces, unless the site's table `counts` says otherwise: `counts: {in: MTR}`.
def counts: (.tables.counts // {}).in // "H87";
def pieces($in): "\(.) \($in)";
def ours($units): . as $theirs | [$units | to_entries[] | select(.value == $theirs) | .key] | (.[0] // $theirs);
def op: .step | tostring;

# The order, and how this report is known again.
def told($body):
  (.body.externalKey | split("/")) as $key
  | { to: { entity: $key[0] }, key: { epoch: ($key[1] | tonumber), mark: { number: .body.sequence } }, occurred_at: .body.at,
      body: { order: { report: $body } } };

# A counter that counts up: its own epoch counts, which grows when a PLC starts again at zero.
def counted:
  counts as $in | (.body.externalKey | split("/")) as $key
  | { to: { entity: $key[0] }, key: { epoch: .body.counter.epoch, mark: { text: "\(.body.job)/\(.body.sequence)" } }, occurred_at: .body.at,
      body: { order: { report: { confirmed: { op: (.body | op), good: { qty: (.body.counter.good | pieces($in)), counting: "cumulative" } } } } } };

# Every step of the job that was not finished: a hold of a job is a hold of these.
def running($report): . as $in | .read[0].body.steps[] | select(.finished | not) | . as $step
  | $in | told($report + { op: ($step.step | tostring) }) | .key.mark = { text: "\($in.body.job)/\($in.body.sequence)/\($step.step)" };

# A defect puts a hold on the lot, whoever decides about it later.
def defect:
  { to: { native: { kind: "lot", names: [{ system: .site, kind: "lot", id: "\(.body.part)/\(.body.lot)" }] } },
    key: { mark: { text: .body.message } }, occurred_at: .body.at,
    body: { lot: { request: { place_hold: { hold: "\(.site)-\(.body.job)-\(.body.sequence)", lot: { material: .body.part, lot: .body.lot },
                                            site: .site, units: .body.pallets, reason: .body.reason } } } } };

def station:
  { to: { native: { kind: "site", names: [{ system: .site, kind: "document", id: .site }] } },
    key: { mark: { text: (.body.message // "station/\(.body.station)/\(.body.at)") } }, occurred_at: .body.at,
    body: { site: { report: { equipment_state: { equipment: .body.station, available: (.body.state == "up"), state: .body.state } } } } };

# Used for an order whose number somebody typed. Nobody knows whether there is one: if not, it waits at the plant.
def used_by_hand($units):
  .body as $b
  | { to: { native: { kind: "order", names: [{ system: .site, kind: "order", id: $b.order }] } },
      key: { mark: { text: $b.message } }, occurred_at: $b.at,
      body: { order: { report: { consumed: { op: ($b | op), material: $b.part, lot: $b.lot,
                                             amount: { qty: "\($b.amount) \($b.measure | ours($units))" } } } } } };

# Decimals are compared as whole numbers of their smallest step: binary fractions would not be what stands there.
def places: tostring | (split(".")[1] // "") | length;
def steps($places): tostring | split(".") | .[0] + (((.[1] // "") + "000000000000")[:$places]) | tonumber;

# What is packed is counted by its lots: of several each is a report of its own, and together they are what the pallet has.
def packed($report):
  counts as $in | .body as $b | . as $all
  | if ($b.lots | length) > 1 then
      ([$b.pieces, $b.lots[].pieces | places] | max) as $places
      | if ([$b.lots[].pieces | steps($places)] | add) != ($b.pieces | steps($places)) then
        error("the lots of \($b.sscc) have \([$b.lots[].pieces | tostring] | join(" and ")) pieces, which are not its \($b.pieces)")
      else . end
      | ($b.lots | to_entries[]) as $lot | $all
      | told({ produced: ($report + { lot: $lot.value.lot, amount: { qty: ($lot.value.pieces | pieces($in)) }, unit: $b.sscc }) })
      | if $lot.key > 0 then .key.mark = { text: "\($b.externalKey)/\($b.sequence)/\($lot.key)" } else . end
    else told({ produced: ($report + { lot: $b.lots[0].lot, amount: { qty: ($b.pieces | pieces($in)) }, unit: $b.sscc }) }) end;

def read:
  if .topic == "job.held" or .topic == "job.resumed" or .topic == "job.aborted" then { path: "/jobs/\(.body.job)" } else empty end;

def inputs:
  .tables.unit as $units | counts as $in | .body as $b
  | if .topic == "step.started" then told({ operation_started: { op: ($b | op), equipment: $b.station } })
    elif .topic == "piece.counted" then told({ confirmed: { op: ($b | op), good: { qty: ($b.pieces | pieces($in)) } } })
    elif .topic == "counter.read" then counted
    elif .topic == "scrap.counted" then told({ confirmed: { op: ($b | op), scrap: { qty: ($b.pieces | pieces($in)) }, scrap_reason: $b.reason } })
    elif .topic == "material.used" then
      told({ consumed: { op: ($b | op), item: $b.item, material: $b.part, lot: $b.lot,
                         amount: { qty: "\($b.amount) \($b.measure | ours($units))" } } })
    elif .topic == "labour.booked" then told({ confirmed: { op: ($b | op), labour: { qty: "\($b.minutes) MIN" } } })
    elif .topic == "sample.due" then told({ sample_taken: { sample: "\($b.job)/\($b.piece)", lot: $b.lot } })
    elif .topic == "pallet.closed" then packed({ output: "main" })
    elif .topic == "coproduct.packed" then packed({ output: "co_product", material: $b.part })
    elif .topic == "material.used_by_hand" then used_by_hand($units)
    elif .topic == "step.finished" then told({ confirmed: { op: ($b | op), last: true, declared: ($b.good | pieces($in)) } })
    elif .topic == "job.finished" then told("completed")
    elif .topic == "job.held" then .body.reason as $why | . as $in | running({}) | .body.order.report |= { operation_held: (. + { reason: $why }) }
    elif .topic == "job.resumed" then running({}) | .body.order.report |= { operation_resumed: . }
    elif .topic == "job.aborted" then .body.reason as $why | running({}) | .body.order.report |= { operation_aborted: (. + { reason: $why }) }
    elif .topic == "count.corrected" then
      told({ count_corrected: { op: ($b | op), use: "yield", difference: ($b.pieces | pieces($in)), reason: $b.reason } }) + { who: { user: $b.person } }
    elif .topic == "defect.raised" then defect
    elif .topic == "station.changed" then station
    # A job is started by its first step.
    elif .topic == "job.started" then empty
    else error("the topic \(.topic) is not known here") end;
