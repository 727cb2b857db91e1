# What a MES that speaks in files reports: a file of rows, each a report of its own. Numbers have decimal commas, times are of the
# wall and do not say of where: the table `clock` has the offsets of its zone, and the rule for them is the European one. The hour
# that comes twice a year is taken for the first of the two.
def ours($units): . as $theirs | [$units | to_entries[] | select(.value == $theirs) | .key] | (.[0] // $theirs);
# Points stand between groups of three digits, or are none of this system's numbers.
def decimal:
  if test("^[+-]?([0-9]{1,3}([.][0-9]{3})+|[0-9]+)(,[0-9]+)?$") then gsub("[.]"; "") | sub(","; ".")
  else error("`\(.)` is no number as this system writes them, such as 1.384,125") end;
def qty($units): "\(.MENGE | decimal) \(.ME | ours($units))";
def some: if . == "" then null else . end;

# Seconds as if the wall were in Greenwich.
def naive: strptime("%d.%m.%Y %H:%M:%S") | mktime;
# The last Sunday of a month of 31 days, at that hour.
def last_sunday($year; $month; $hour): "31.\($month).\($year) \($hour):00:00" | naive | . - (gmtime | .[6] | tonumber) * 86400;
def at($clock):
  naive as $now | .[6:10] as $year
  | (if $now >= last_sunday($year; "03"; "02") and $now < last_sunday($year; "10"; "03") then $clock.summer else $clock.winter end) as $offset
  | "\($year)-\(.[3:5])-\(.[0:2])T\(.[11:19])\($offset)";

# The order stands before the attempt in our own number of the job. A row is known again by its number together with its time and
# kind: numbers begin again when the MES is set up anew, and a file may come again under another name.
def told($row; $body):
  { to: { entity: ($row.AUFTRAG | split("/")[0]) }, key: { mark: { text: "\($row.LFD)/\($row.ZEIT)/\($row.ART)" } },
    occurred_at: (.tables.clock as $clock | $row.ZEIT | at($clock)), body: { order: { report: $body } } };

def report($row):
  .tables.unit as $units
  | $row.ART as $kind
  | if $kind == "START" then told($row; { operation_started: { op: $row.AG, equipment: ($row.MASCHINE | some) } })
    elif $kind == "GUT" then told($row; { confirmed: { op: $row.AG, good: { qty: ($row | qty($units)) } } })
    elif $kind == "AUS" then told($row; { confirmed: { op: $row.AG, scrap: { qty: ($row | qty($units)) }, scrap_reason: ($row.GRUND | some) } })
    elif $kind == "MAT" then
      told($row; { consumed: { op: $row.AG, material: $row.TEIL, lot: ($row.CHARGE | some), amount: { qty: ($row | qty($units)) } } })
    elif $kind == "ZEIT" then told($row; { confirmed: { op: $row.AG, labour: { qty: ($row | qty($units)) } } })
    elif $kind == "PAL" then
      told($row; { produced: { output: "main", lot: ($row.CHARGE | some), amount: { qty: ($row | qty($units)) }, unit: $row.PALETTE } })
    elif $kind == "FERTIG" then told($row; { confirmed: { op: $row.AG, last: true, declared: ($row | qty($units)) } })
    elif $kind == "HALT" then told($row; { operation_held: { op: $row.AG, reason: $row.GRUND } })
    elif $kind == "WEITER" then told($row; { operation_resumed: { op: $row.AG } })
    elif $kind == "ENDE" then told($row; "completed")
    else error("the row \($row.LFD) is of a kind that is not known here: \($kind)") end;

def inputs: .body[] as $row | report($row);
