# Public events, for a system that counts them. It knows each by its source and id, so telling them again is safe; and it says how
# many of a list it took, because it may have taken only some.
def request: { method: "POST", path: "/events", body: .effect.events };

def outcome:
  (.effect.events | length) as $all
  | if .status == 200 and .body.counted + .body.repeated == $all then { accepted: {} }
    elif .status == 200 then { not_done: { why: "it took \(.body.counted + .body.repeated) of \($all) events" } }
    elif .status == 409 or .status == 413 or .status == 422 then { rejected: { code: .body.error, text: (.body.detail // "") } }
    else empty end;
