# The plant saw a machine break down: the maintenance system opens a work order, once a reference of ours.
def request:
  .effect as $e
  | { method: "POST", path: "/breakdowns",
      body: { asset: "\($e.plant)/\($e.equipment)", client_ref: .reference, code: "MES", text: "reported by the line: \($e.state)" } };

def outcome:
  if .status == 200 or .status == 201 then { accepted: { document: .body.work_order } }
  elif .status == 409 and .body.error == "already_down" then { accepted: { document: .body.detail } }
  elif .status == 404 then { rejected: { code: .body.error, text: "the maintenance system has no such asset: \(.body.detail)" } }
  elif .status == 409 or .status == 400 then { rejected: { code: .body.error, text: (.body.detail // "") } }
  else empty end;
