# What becomes of a demand: whether it can be supplied, and the orders on their way. Both are known again when they are repeated.
def response:
  .effect as $e
  | { method: "POST", path: "/signals/\($e.number)/response",
      body: (if $e.verdict == "refused" then { version: $e.version, response: "refused", reason: $e.why }
             else { version: $e.version, response: "accepted" } end) };

# Quantities are whole numbers there.
def number: split(" ")[0] | tonumber | floor;
def supply:
  .effect as $e
  | { method: "PUT", path: "/signals/\($e.number)/supply",
      body: { word: $e.word, version: $e.version, planned: $e.requirement,
              orders: [$e.orders[] | { order, plant, quantity: (.total | number),
                                       confirmed: (if .confirmed then (.confirmed | number) else null end), state }] } };

# There is nothing to accept of what was withdrawn, nor before the ERP has said anything.
def judged: .effect.verdict == "planned" or .effect.verdict == "refused";

def request:
  (.answers | length) as $done
  | if $done == 0 and judged then response + { then: true }
    elif $done == 0 then supply
    elif $done == 1 and judged and (.status < 300 or (.body.error? | . == "stale_version" or . == "answered")) then supply
    else empty end;

def outcome:
  if .status == 200 then { accepted: {} }
  elif .status == 404 or .status == 409 or .status == 400 then { rejected: { code: .body.error, text: (.body.detail // "") } }
  else empty end;
