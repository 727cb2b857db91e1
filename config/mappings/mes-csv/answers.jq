# What a MES that speaks in files answers to a file of ours, by that file's name: taken, or why not.
def asked: .file.name | split("-");
def told($report): { to: { entity: (asked[1] | split("_")[0]) }, occurred_at: .file.modified_at, body: { order: { report: $report } } };

def inputs:
  asked as $asked | ($asked[1] | split("_")) as $of | .body[0] as $row
  | if $row[0] == "OK" then (if $asked[0] == "dispatch" then told({ job_accepted: { job: ($of | join("/")) } }) else empty end)
    elif $row[0] == "FEHLER" then
      { code: $row[2], text: ($row[3:] | join(";")) } as $why
      | if $asked[0] == "dispatch" then told({ job_rejected: ($why + { attempt: ($of[1] | tonumber) }) })
        else told({ wish_refused: ($why + { wish: $asked[0] }) }) end
    else error("an answer begins with OK or FEHLER, and not with \($row[0])") end;
