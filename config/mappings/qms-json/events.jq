# What the quality system and its laboratory tell.
def lot: { material: .body.material, lot: .body.lot };
def of_lot($site): { native: { kind: "lot", names: [{ system: $site, kind: "lot", id: "\(.body.material)/\(.body.lot)" }] } };
def verdict: { Accept: "accept", AcceptRestricted: "accept_restricted", Rework: "rework", Scrap: "scrap", Return: "return" }[.];
def ours($units): . as $theirs | [$units | to_entries[] | select(.value == $theirs) | .key] | (.[0] // $theirs);

def told($to; $fact): { to: $to, key: { mark: { text: .body.message } }, occurred_at: .body.at, body: { lot: { owner_fact: $fact } } };

# A decision names its case only: whose lot it is stands in the case.
def read: if .topic == "disposition.decided" and .body.nonconformance then { path: "/nonconformances/\(.body.nonconformance)" } else empty end;

def result:
  (.body.reference | split("/")) as $parts
  | told(of_lot($parts[0]); { inspection_closed: { sample: ($parts[1:] | join("/")), passed: (.body.verdict == "pass"), lot: lot,
                                                  findings: ([.body.values[]? | "\(.name) \(.value)"] | join(", ")) } });

def raised:
  told(of_lot(.body.plant); { nonconformance: { hold: .body.nonconformance, lot: lot, site: .body.plant, units: .body.pallets,
                                                reason: .body.reason, severity: (.body.severity // "") } });

def decided:
  .tables.unit as $units | .site as $site
  | (if .body.nonconformance then of_lot(.read[0].body.plant)
     else { native: { kind: "lot", names: [{ system: $site, kind: "quality", id: .body.record }] } } end) as $to
  | (.body.nonconformance // (.body.reference | split("/")[0])) as $hold
  | told($to; { decided: { lot: lot, hold: $hold, last: true,
                           decisions: [.body.decisions[] | { verdict: (.decision | verdict), qty: "\(.quantity) \(.unit | ours($units))" }] } })
    + { who: { user: .body.decided_by } };

def inputs:
  if .topic == "result.reported" then result
  elif .topic == "nonconformance.raised" then raised
  elif .topic == "disposition.decided" then decided
  else error("the topic \(.topic) is not known here") end;
