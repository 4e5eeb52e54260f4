# Copies bytes between the host (UART 0) and the modem (UART 1) until the host sends the word to quit, or says nothing at
# all in the first seconds. Answers the word to ping itself, which proves the half of the way up to here.
import os, time
from machine import UART
def relay():
    quit = b'\x1dSQNS-RELAY-QUIT'
    ping = b'\x1dSQNS-RELAY-PING'
    modem = UART(1, baudrate=@MODEM_SPEED@, pins=@PINS@)
    os.dupterm(None)
    host = UART(0, @HOST_SPEED@)
    tail = b''
    idle = 0
    heard = False
    while heard or idle < 4000:
        n = host.any()
        if n:
            b = host.read(n)
            if b:
                if len(b) < 64:
                    tail = (tail + b)[-16:]
                    if tail == quit:
                        break
                    if tail == ping:
                        heard = True
                        host.write('sqns relay\r\n')
                        continue
                else:
                    tail = b''
                modem.write(b)
        m = modem.any()
        if m:
            b = modem.read(m)
            if b:
                host.write(b)
        if not n and not m:
            idle += 1
            time.sleep_ms(1)
    modem.deinit()
    os.dupterm(UART(0, 115200))
relay()
