# The hold is gone: every block that was placed for it is taken off. A block that is gone already is no error.
def request:
  "\(.effect.hold)/\(.effect.lot.material)/\(.effect.lot.lot)" as $block | (.answers | length) as $done
  | if $done == 0 then { method: "GET", path: "/stock-blocks", then: true }
    else
      [.answers[0].body.stock_blocks[]? | select(.block_ref == $block or (.block_ref | startswith($block + "/"))) | .block] as $all
      | if $done <= ($all | length) then { method: "DELETE", path: "/stock-blocks/\($all[$done - 1])", then: true } else empty end
    end;

def outcome: if .status >= 200 and .status < 300 then { accepted: {} } else empty end;
