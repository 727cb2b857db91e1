# The next order, as a command to the press: Sparkplug B has no answer to it but what the press says afterwards.
def request:
  { sparkplug: { node: "nord/line-1", device: "press-1",
                 metrics: [{ name: "Order/Next", type: "string", value: "\(.effect.order)" }] } };
def outcome: { accepted: { alias: { system: .site, kind: "job", id: (.effect.order | split(".") | last) } } };
