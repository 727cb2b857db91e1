# Whether it may leave. An answer to an attempt that was given up changes nothing.
def request:
  { method: "POST", path: "/deliveries/\(.effect.shipment)/clearance",
    body: (if .effect.granted then { attempt: .effect.attempt, clearance: "granted" }
           else { attempt: .effect.attempt, clearance: "refused", reasons: .effect.reasons } end) };

def outcome:
  if .status == 200 then { accepted: {} }
  elif .status == 409 and .body.error == "stale_attempt" then { accepted: {} }
  elif .status == 409 then { rejected: { code: .body.error, text: (.body.detail // "") } }
  else empty end;
