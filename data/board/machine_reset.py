# Resets the ESP32 as its button does; the modem goes on as it is. Does not come back.
import machine
machine.reset()
