# What every mapping may call. Each is called by the shape of what it takes; a file may define one of the same name for itself.

# Our word for one of theirs, or theirs by ours, by a table of the site's; a word that stands in none stays as it is.
def ours($table): . as $theirs | [($table // {}) | to_entries[] | select(.value == $theirs) | .key] | (.[0] // $theirs);
def theirs($table): . as $ours | (($table // {})[$ours] // $ours);

# A number written as a whole number of so many places behind the point, such as 12 for 1.2 with one: exact, without an exponent.
def shifted($places):
  if $places > 18 then error("\($places) places are more than 18") else tostring end | (if startswith("-") then "-" else "" end) as $sign | ltrimstr("-")
  | if test("^[0-9]+$") | not then error("\(.) is no whole number") else . end
  | ([range(0; $places)] | map("0") | join("")) as $zeros | ($zeros + .) as $digits
  | ($digits | length - $places) as $cut
  | ($digits[:$cut] | sub("^0+(?<digit>[0-9])"; .digit) | if . == "" then "0" else . end) as $whole
  | ($digits[$cut:] | sub("0+$"; "")) as $rest
  | $sign + $whole + (if $rest == "" then "" else "." + $rest end);

# A float as it was meant, rounded to so many places: decimals are texts here, because a float is not what was written.
def decimal($places):
  if $places > 18 then error("\($places) places are more than 18") else . end
  | . as $float | reduce range(0; $places) as $one (1; . * 10) | (. * ($float | tonumber)) | round | shifted($places);
def decimal: decimal(6);

# What stands for a value as an object, with its kind under `$tag`: a decimal, a date, a time, a duration in seconds, bytes. As plain
# texts, wherever they stand.
def two: tostring | if length < 2 then "0" + . else . end;
def untyped($tag):
  def day: "\(.year)-\(.month | two)-\(.day | two)";
  def clock:
    "\(.hour | two):\(.minute | two):\(.second | two)"
    + (if (.microsecond // 0) == 0 then "" else "." + ("000000\(.microsecond)" | .[-6:] | sub("0+$"; "")) end);
  walk(if type != "object" or (has($tag) | not) then .
       elif has("year") and has("hour") then "\(day)T\(clock)"
       elif has("year") then day
       elif has("hour") then clock
       elif has("decimal") then .decimal
       elif has("base64") then .base64
       elif has("seconds") then .seconds
       else . end);

# And back: a text as the object that stands for it.
def typed_date($tag): (.[0:10] | split("-") | map(tonumber)) as [$year, $month, $day] | { year: $year, month: $month, day: $day, ($tag): "date" };
def typed_time($tag):
  typed_date($tag) + ((.[11:19] | split(":") | map(tonumber)) as [$hour, $minute, $second] | { hour: $hour, minute: $minute, second: $second })
  + { microsecond: ((capture("[.](?<digits>[0-9]+)").digits // "0") + "000000" | .[0:6] | tonumber), ($tag): "datetime" };
def typed_decimal($tag): { decimal: tostring, ($tag): "Decimal" };

# A moment of OData v2, such as /Date(1796002252041)/ or /Date(1796002252041+0060)/, and back. It is UTC; what stands behind it says only
# where it was entered.
def odata_time:
  (capture("^/Date\\((?<ms>-?[0-9]+)([+-][0-9]+)?\\)/$") // error("\(.) is no time of OData")).ms | tonumber
  | (. / 1000 | floor) as $whole | (. - $whole * 1000) as $part
  | ($whole | todate | .[0:19]) + (if $part == 0 then "Z" else "." + ("000\($part)" | .[-3:]) + "Z" end);
def to_odata_time: "/Date(\(fromdate * 1000 | round))/";
