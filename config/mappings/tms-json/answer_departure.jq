# Whether the truck may leave. An answer to a question that was given up changes nothing; a yes that is not good any more is.
def load: .answers[0].body.results[0].load;

def request:
  (.answers | length) as $done
  | if $done == 0 then { method: "GET", path: "/loads", query: { shipment: .effect.shipment }, then: true }
    elif $done > 1 or .status >= 300 or load == null then empty
    else
      { method: "POST", path: "/loads/\(load)/release",
        body: (if .effect.granted then { ask: .effect.attempt, release: "granted" }
               else { ask: .effect.attempt, release: "refused", reasons: .effect.reasons } end) }
    end;

def outcome:
  if .status == 200 and load == null then { rejected: { code: "unknown", text: "the transport system has no load of this shipment" } }
  elif .status == 200 then { accepted: {} }
  elif .status == 409 and .body.error == "stale_ask" then { accepted: {} }
  elif .status == 409 then { rejected: { code: .body.error, text: (.body.detail // "") } }
  else empty end;
