"""The chip's own thermometer, a trap: a reading that makes no sense resets the chip.

MicroPython wraps each step of a reading in ESP_ERROR_CHECK (ports/esp32/modesp32.c, `esp32_mcu_temperature`), and
ESP-IDF refuses what is not within -40 to 125 °C (`temperature_sensor_get_celsius` in esp_driver_tsens). The ADC, whose
bus it shares, has made it read -76 °C (esp-idf 15524, open; 12921), a second reading in one start nonsense (12864). So
it is read once a wake, before the ADC is used, and by nobody but `wake`, which takes note of it before and after.
"""

import esp32


def tenths() -> int:
    """The chip's temperature in tenths of a degree, within 5 of what the chip had, or 10 about zero.

    MicroPython adds 0.5 and cuts off towards zero: -5 stands for -6.5 to -5.5 °C, 0 for -1.5 to 0.5 °C.
    """
    told: int = esp32.mcu_temperature()  # type: ignore[attr-defined]  # the stubs are of a chip without
    return told * 10 - (10 if told < 0 else 0 if told else 5)
