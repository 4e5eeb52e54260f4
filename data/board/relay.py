# Copies bytes between the host (UART 0) and the modem (UART 1) until the host sends the word to quit, or has not sent the word to
# ping in the first seconds. Answers a ping itself, which proves the half of the way up to here, and a word that sets the modem's
# baud.
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
def open_modem(baud):
    return UART(1, baudrate=baud, pins=@PINS@)
def copy(host, modem):
    quit = b'\x1dSQNS-RELAY-QUIT'
    ping = b'\x1dSQNS-RELAY-PING'
    baud = b'\x1dSQNS-BAUD'
    tail = b''
    idle = 0
    heard = False
    while heard or idle < 4000:
        n = host.any()
        if n:
            b = host.read(n)
            if b:
                if len(b) < 64:
                    # a word comes alone; what is cut off of it must not get to the modem
                    if b[0] == 29 and len(b) < 16:
                        time.sleep_ms(3)
                        n = host.any()
                        if n:
                            b += host.read(n) or b''
                    tail = (tail + b)[-16:]
                    if tail == quit:
                        host.write(b'\r\nsqns end\r\n')
                        # out of the UART before it gets another baud
                        time.sleep_ms(5)
                        break
                    if tail == ping:
                        heard = True
                        host.write(b'\r\nsqns relay\r\n')
                        continue
                    if tail[:10] == baud:
                        modem.deinit()
                        modem = open_modem(int(tail[10:]))
                        host.write(b'\r\nsqns baud ' + tail[10:] + b'\r\n')
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
def relay():
    modem = open_modem(@MODEM_SPEED@)
    terminal(None)
    try:
        copy(UART(0, baudrate=@HOST_SPEED@), modem)
    finally:
        terminal(UART(0, baudrate=115200))
relay()
