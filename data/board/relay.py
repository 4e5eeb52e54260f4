# Copies bytes between the host (UART 0) and the modem (UART 1) until the host sends the word to quit, or has not sent the word to
# ping in the first seconds. Answers a ping itself, which proves the half of the way up to here.
try:
    import uos as os
    import utime as time
except ImportError:
    import os, time
from machine import UART
def terminal(uart):
    # some firmware has no dupterm: there the REPL lets go by itself
    if hasattr(os, 'dupterm'):
        os.dupterm(uart)
def relay():
    quit = b'\x1dSQNS-RELAY-QUIT'
    ping = b'\x1dSQNS-RELAY-PING'
    modem = UART(1, baudrate=@MODEM_SPEED@, pins=@PINS@)
    terminal(None)
    host = UART(0, baudrate=@HOST_SPEED@)
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
                        host.write(b'sqns relay\r\n')
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
    terminal(UART(0, baudrate=115200))
relay()
