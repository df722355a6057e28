"""The tag on the air: it says what its state is, as its profile and the dock ask for, and serves one station."""

from link import Link
from radio import Radio

from kitcore import life
from kitcore.beacon import Beacon, State
from kitcore.tag import EPOCH
from kitwire import advert

TYPE_CHECKING = False
if TYPE_CHECKING:
    from settings import Identity

    from kitcore.tag import Tag


class Air:
    """The radio of one tag, off at first."""

    def __init__(self, tag: "Tag", identity: "Identity") -> None:
        self._tag = tag
        self._radio = Radio()
        self._link = Link(self._radio, identity.session_key, tag, tag.clock)
        self._advert_key = identity.advert_key
        self._beacon = Beacon(identity.advert_key)
        self._form = life.SILENT
        self._mute = False

    @property
    def linked(self) -> bool:
        """Whether a station is connected."""
        return self._radio.linked

    @property
    def busy(self) -> bool:
        """Whether there is something to do at once."""
        return self._link.busy

    def step(self, now_ms: int, form: int) -> None:
        """Advertise the tag's state in `form`, `life.ROTATING` or `life.STATIC`, and serve any central that is linked.

        A link that is there stays until it ends by itself, also if `form` is `life.SILENT` by now.
        """
        self._radio.check()
        if self._radio.stuck or (form == life.SILENT and not self._radio.linked):
            self.off()
            if form == life.SILENT:
                return
        if self._form == life.SILENT:
            self._radio.on()
        if form == life.SILENT or not self._radio.room:
            self._radio.silence()
        else:
            if form != self._form:
                self._beacon = Beacon(self._advert_key)
                self._mute = False
                self._form = form
            self._speak(now_ms, form)
        self._link.step()

    def off(self) -> None:
        """Stop everything."""
        if self._form != life.SILENT:
            self._radio.off()
            self._form = life.SILENT

    def _speak(self, now_ms: int, form: int) -> None:
        tag = self._tag
        state = State(tag.battery_percent, tag.lid_open, tag.battery_low, False, tag.damaged, tag.log.last)
        if self._mute:
            return
        if self._beacon.stale(now_ms, state):
            if self._radio.occupied:  # an address is changed while nobody is connected to it
                self._radio.drop_all()
                return
            address = self._radio.own_address() if form == life.STATIC else self._radio.new_address()
            if address is None:
                # An old address under a new epoch would let a stranger follow the tag.
                from kitwire import faults

                self._mute = True
                tag.fault(faults.ADDRESS)
                return
            number = tag.settings.next_of(EPOCH)
            if form == life.STATIC:
                sealed = tag.clock.memory.config[life.OPEN_SEALED]
                self._beacon.begin_open(number, now_ms, address, advert.bind_key(self._advert_key) if sealed else None)
            else:
                self._beacon.begin(number, now_ms)
        data = self._beacon.frame(state)
        if data is not None:
            self._radio.advertise(data, form == life.ROTATING)
        elif not self._radio.advertising:
            self._radio.resume()
