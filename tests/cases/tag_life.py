"""kitcore's rules: the whole state machine, what is kept, cues, the field, signs, debounce, adverts; prints all."""

# ruff: noqa: RUF005, UP031  MicroPython subset
from binascii import hexlify

from kitcore import battery, beacon, debounce, life, signs
from kitwire import config, record


def effect_name(effect):
    return {0: "-", life.CALL: "call", life.SHOW: "show"}.get(effect) or record.TYPE_NAMES[effect]


def fresh():
    memory = life.Memory()
    memory.config = tuple([item.default for item in config.ITEMS])
    return memory


print("the machine: state, lid, marks, input, state after, effect, lid, marks, docked, cues")
for state in range(life.SAFE + 1):
    for lid, marks in ((0, 0), (1, 0), (1, 2)):
        for given in range(life.KEYS + 1):
            memory = fresh()
            memory.config = memory.config[:7] + (120, 3600) + memory.config[9:]
            memory.state, memory.lid_open, memory.marks, memory.docked = state, lid, marks, int(state == life.DOCKED)
            machine = life.Life(memory)
            effect = machine.take(given, 5000)
            after = (memory.state, effect_name(effect), memory.lid_open, memory.marks)
            print(state, lid, marks, given, *(after + (memory.docked, memory.cues, machine.flags())))
            if 0 < effect < life.CALL:
                machine.undo()
                assert (memory.state, memory.lid_open, memory.marks, memory.cues) == (state, lid, marks, 0)

memory = fresh()
machine = life.Life(memory)
for uptime_ms in (0, 86399999, 86400000, 86400001):
    print(machine.heartbeat_due(uptime_ms), machine.sleep_ms(uptime_ms))
memory.held = 1
print(machine.sleep_ms(0), machine.sleep_ms(86399999))
memory.held = 0
machine.take(life.RELEASED, 10000)
print([machine.air(uptime_ms) for uptime_ms in (10000, 69999, 70000)])

memory.config = memory.config[:7] + (120, 3600) + memory.config[9:]
machine.take(life.OPENED, 20000)
machine.take(life.PRESSED, 20400)
machine.take(life.CLOSED, 30000)
for uptime_ms in (139999, 140000, 140001, 3619999, 3620000, 3620001):
    print("cue", uptime_ms, machine.sleep_ms(uptime_ms), machine.cue(uptime_ms), memory.cues)

for profile in (config.PROFILE_PRIVATE, config.PROFILE_OPEN):
    memory = fresh()
    memory.config = (profile,) + memory.config[1:]
    machine = life.Life(memory)
    print([machine.field_due(uptime_ms) for uptime_ms in (0, 899999, 900000)], machine.sleep_ms(1000))
    machine.take_the_field(900500)
    print([machine.air(uptime_ms) for uptime_ms in (900500, 903499, 903500)], machine.sleep_ms(903500))
    machine.take(life.DOCKS, 903600)
    print(machine.air(903600), machine.field_due(99999999))
    memory.docked, memory.state, memory.battery = 0, life.ASLEEP, battery.CRITICAL
    print(machine.starving(), machine.field_due(99999999), machine.air(900600), machine.sleep_ms(903500))

memory = fresh()
memory.started_ms = 800000000123
memory.seen_ms = 800000999123
memory.utc_ms = 1790000000456
for fault in (6, 2100, 6, 0, 7, 8, 9):
    memory.pend(fault)
memory.held = 1
memory.faulty = 3
memory.hint = bytes(range(12))
packed = memory.pack()
print(len(packed), hexlify(packed).decode())
again = life.unpack(packed)
print(again.pack() == packed, again.started_ms, again.utc_ms, again.config, again.held, again.faults, again.faulty)
print([life.unpack(spoilt) for spoilt in (b"", packed[:-1], bytes(len(packed)), packed[:20] + b"!" + packed[21:])])
for woken, now_ms in ((True, 800001000000), (True, 800000000000), (False, 800001000000)):
    begun = life.begin(again, woken, now_ms)
    print(begun is again, begun.started_ms, begun.faults, begun.faulty, begun.held, begun.boot_count)

bounce = debounce.Debounce(False)
for now_ms, level in enumerate("0010110111111111111111111111111111100111111111", 100):
    if bounce.sample(now_ms, level == "1"):
        print("settled", bounce.level, "at", now_ms)
print(bounce.level, bounce.moving)

print([battery.percent(millivolts) for millivolts in range(2900, 4301, 50)])
level = battery.OK
for millivolts in (3600, 3500, 3499, 3600, 3601, 3400, 3199, 3300, 3301, 2999, 3100, 3101, 3601):
    level = battery.level(millivolts, level)
    print(millivolts, level)
print([battery.trimmed_mean(readings) for readings in ([5], [1, 2, 3], [1, 99, 2, 3], [9, 0, 5, 5, 6, 5, 5, 900])])

player = signs.Player()
print(player.tick(0), player.playing)
player.play(signs.MARK, True, 1000)
print([player.tick(now_ms) for now_ms in range(1000, 1400, 40)], player.playing)
player.play(signs.state(life.IN_DATE, 74, False, True), False, 2000)
seen = [player.tick(now_ms) for now_ms in range(2000, 12000, 100)]
print("".join(["%d" % light for light, _ in seen]), sum([sound for _, sound in seen]))
for date in (life.DATE_UNKNOWN, life.IN_DATE, life.OUT_OF_DATE):
    print(signs.state(date, 100, date == life.IN_DATE, False))
print(len(signs.identify(3)), sum([ms for _, _, ms in signs.identify(3)]))

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
for key in (None, bytes(range(16))):
    air = beacon.Beacon(bytes(range(32)))
    air.begin_open(9, 0, b"\x10\x20\x30\x40\x50\x60", key)
    for count in (7, 7, 8):
        data = air.frame(beacon.State(80, True, True, False, False, count))
        print(data and hexlify(data).decode())
