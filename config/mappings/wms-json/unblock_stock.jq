# The hold is gone: every block that was placed for it is taken off, but of the handling units that stay blocked for themselves.
# A block that is gone already is no error; any other failure ends it, and its answer is the one that counts.
def request:
  "\(.effect.hold)/\(.effect.lot.material)/\(.effect.lot.lot)" as $block | (.answers | length) as $done
  | [(.effect.keep // [])[] | "\($block)/\(.)"] as $keep
  | if $done == 0 then { method: "GET", path: "/stock-blocks", then: true }
    elif .status >= 300 and ($done == 1 or .status != 404) then empty
    else
      [.answers[0].body.results[]
       | select(.block_ref == $block or (.block_ref | startswith($block + "/")))
       | .block_ref as $ref | select(any($keep[]; . == $ref) | not) | .block] as $all
      | if $done <= ($all | length) then { method: "DELETE", path: "/stock-blocks/\($all[$done - 1])", then: true } else empty end
    end;

def outcome: if (.status >= 200 and .status < 300) or (.status == 404 and (.answers | length) > 1) then { accepted: {} } else empty end;
