# This truck must not leave. A load is looked up by its shipment; one that is not there yet cannot leave, and is held when it is.
def load: .answers[0].body.results[0].load;

def request:
  (.answers | length) as $done
  | if $done == 0 then { method: "GET", path: "/loads", query: { shipment: .effect.shipment }, then: true }
    elif .status >= 300 or load == null then empty
    elif $done <= (.effect.reasons | length) then
      { method: "POST", path: "/loads/\(load)/hold", body: { reason: .effect.reasons[$done - 1] }, then: true }
    else empty end;

def outcome:
  if .status == 200 then { accepted: {} }
  elif .status == 409 then { rejected: { code: .body.error, text: (.body.detail // "") } }
  else empty end;
