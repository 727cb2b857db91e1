# A job, as a row of MySQL or MariaDB; the MES knows our key again by an index over it.
def key: "\(.effect.order)/\(.effect.attempt)";
def request:
  { sql: "insert into jobs (external_key, material, pieces) values (?, ?, ?)",
    args: [key, .effect.material, (.effect.total | split(" ")[0])] };
def outcome:
  if .error.number == 1062 or .affected == 1 then { accepted: { alias: { system: .site, kind: "job", id: (key | split(".") | last) } } }
  else empty end;
