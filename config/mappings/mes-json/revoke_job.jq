# Asks for a job back. The MES keeps it when pieces were begun.
def request:
  if (.answers | length) == 0 and .effect.job == null then
    { method: "GET", path: "/jobs", then: true }
  else
    (.effect.order as $order | .effect.job // (.answers[0].body.jobs | map(select(.externalKey | startswith($order + "/"))) | last | .job)) as $job
    | { method: "POST", path: "/jobs/\($job)/revoke" }
  end;

def outcome:
  if .status == 200 and .body.verdict == "revoked" then { accepted: {} }
  elif .status == 200 then { rejected: { code: .body.code, text: "the plant keeps the job" } }
  elif .status == 423 then { not_done: { why: .body.detail } }
  elif .status == 404 then { rejected: { code: "UNKNOWN_JOB", text: (.body.detail // "") } }
  else empty end;
