"""kitcore's rules: edges, presses, dock, battery, heartbeats, debounce, adverts; prints what they come to."""

# ruff: noqa: UP031  MicroPython has neither pathlib nor every f-string
from binascii import hexlify

from kitcore import battery, beacon, debounce, policy
from kitwire import record

memory = policy.Memory()
rules = policy.Policy(memory)


def tell(name, events):
    print(name, [(record.TYPE_NAMES[event.type], event.flags, event.aux) for event in events], rules.flags())


tell("boot", rules.boot(1))
for number, is_open in enumerate((False, True, True, False)):
    tell("lid %s" % is_open, rules.lid(is_open))
    tell("press", rules.press(1000 * number))
tell("lid moved, back again", rules.lid(False, True))
tell("lid moved", rules.lid(True, True))
tell("lid moved, back again", rules.lid(True, True))
for docked in (False, True, True, False):
    tell("dock %s" % docked, rules.dock(docked))
for millivolts in (3600, 3500, 3499, 3480, 3590, 3600, 3601, 3400):
    tell("battery %d" % millivolts, rules.battery(millivolts))
for uptime_ms in (0, 3599999, 3600000, 3600001, 7199999, 7200000):
    tell("heartbeat %d" % uptime_ms, rules.heartbeat(uptime_ms, 3600))
    print(rules.sleep_ms(uptime_ms, 3600, False), rules.sleep_ms(uptime_ms, 3600, True))
rules.lid(False)
rules.press(10000)
print([rules.wants_radio(uptime_ms) for uptime_ms in (10000, 69999, 70000)])

memory.started_ms = 800000000123
memory.seen_ms = 800000999123
memory.utc_ms = 1790000000456
memory.fault = 6
memory.held = True
memory.hint = bytes(range(12))
packed = memory.pack()
print(len(packed), hexlify(packed).decode())
again = policy.unpack(packed)
print(again.pack() == packed, again.started_ms, again.utc_ms, again.lid_open, again.held, again.fault)
print([policy.unpack(spoilt) for spoilt in (b"", packed[:-1], bytes(len(packed)), packed[:20] + b"!" + packed[21:])])

bounce = debounce.Debounce(False)
for now_ms, level in enumerate("0010110111111111111111111111111111100111111111", 100):
    if bounce.sample(now_ms, level == "1"):
        print("settled", bounce.level, "at", now_ms)
print(bounce.level, bounce.moving)

print([battery.percent(millivolts) for millivolts in range(2900, 4301, 50)])

air = beacon.Beacon(bytes(range(32)))
said = beacon.State(80, False, False, False, False, 7)
print(air.stale(0, said), air.frame(said))
air.begin(5, 1000)
for count in (7, 7, 8, 70000):
    said = beacon.State(80, False, False, False, False, count)
    data = air.frame(said)
    print(data and hexlify(data).decode())
print([air.stale(uptime_ms, said) for uptime_ms in (1000, 900999, 901000)])
for count in range(300):
    said = beacon.State(80, False, False, False, False, count)
    if air.stale(2000, said):
        print("last index used at", count)
        break
    air.frame(said)
print(air.stale(2000, beacon.State(80, False, False, False, False, count - 1)))
