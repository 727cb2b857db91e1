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

# A record follows a hold that we told of: our reference to it says at which plant, and which hold. Quantity 0 is all of it.
def decided:
  .tables.unit as $units | "/\(.body.material)/\(.body.lot)" as $of
  | ((.body.reference // "") | split("/")) as $parts
  | (if .body.nonconformance then .read[0].body.plant else $parts[0] end) as $plant
  | (.body.nonconformance // ($parts[1:] | join("/") | rtrimstr($of))) as $hold
  | told(of_lot($plant); { decided: { lot: lot, hold: $hold, last: true,
      decisions: [.body.decisions[] | { verdict: (.decision | verdict) }
                                      + (if .quantity == "0" then {} else { qty: "\(.quantity) \(.unit | ours($units))" } end)] } })
    + { who: { user: .body.decided_by } };

def inputs:
  if .topic == "result.reported" then result
  elif .topic == "nonconformance.raised" then raised
  elif .topic == "disposition.decided" then decided
  else error("the topic \(.topic) is not known here") end;
