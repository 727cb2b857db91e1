# Asks the plant to stop a job for a while. Saying so again is harmless. A job whose number we were never told is looked up by our order.
def of_order(order): [.answers[]? | .body.jobs? // empty | .[] | select(.externalKey | startswith("\(order)/"))] | last | .job;
def job: .effect.job.order as $order | .effect.job.job // of_order($order);

def request:
  if job == null and (.answers | length) == 0 then { method: "GET", path: "/jobs", then: true }
  elif job == null then empty
  else { method: "POST", path: "/jobs/\(job)/hold", body: { reason: .effect.reason } } end;

def outcome:
  if .body.verdict? == "done" then { accepted: {} }
  elif .body.verdict? == "refused" then { rejected: { code: .body.code, text: "the job has ended" } }
  elif .status == 423 then { not_done: { why: .body.detail } }
  elif .status == 404 then { rejected: { code: .body.fault, text: (.body.detail // "") } }
  elif job == null and .status == 200 then { rejected: { code: "UNKNOWN_JOB", text: "the plant has no job of this order" } }
  else empty end;
