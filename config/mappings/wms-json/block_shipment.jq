# This shipment must not leave. One that has left cannot be blocked: that is for people.
def request:
  (.answers | length) as $done
  # What one reason was answered by is not overlooked for the next.
  | if $done > 0 and .status >= 300 then empty
    elif $done < (.effect.reasons | length) then
      { method: "POST", path: "/deliveries/\(.effect.shipment)/block", body: { reason: .effect.reasons[$done] }, then: true }
    else empty end;

def outcome:
  if .status == 200 then { accepted: {} }
  elif .status == 409 then { rejected: { code: .body.error, text: (.body.detail // "") } }
  else empty end;
