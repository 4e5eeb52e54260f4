# A board program that prints for ever and does not yield to Ctrl-C.
import micropython
import time
micropython.kbd_intr(-1)
while True:
    print('measurement')
    time.sleep_ms(20)
