# What the transport system tells. It calls a shipment by its warehouse and its number there: `wms-eu/SHP-7781`.
def parts: .body.shipment | split("/");
def shipment($input):
  parts as $of
  | { to: { native: { kind: "shipment", names: [{ system: $of[0], kind: "shipment", id: ($of[1:] | join("/")) }] } },
      key: { mark: { text: .body.message } }, occurred_at: .body.at, body: { shipment: $input } };

def booked: shipment({ report: { booked: { carrier: .body.carrier, appointment: .body.appointment } } });

def inputs:
  if .topic == "load.booked" or .topic == "appointment.moved" then booked
  elif .topic == "truck.at_dock" then shipment({ report: { docked: { dock: .body.dock } } })
  elif .topic == "departure.asked" then shipment({ request: { clear_departure: { attempt: .body.ask } } })
  elif .topic == "load.departed" then shipment({ report: { truck_left: { ask: .body.ask } } })
  elif .topic == "load.unplaced" then shipment({ report: "unplaced" })
  elif .topic == "customs.cleared" then shipment({ request: { release: { gate: "customs" } } })
  # The next carrier is asked; who takes it is told then, or that nobody does.
  elif .topic == "carrier.declined" then empty
  else error("the topic \(.topic) is not known here") end;
