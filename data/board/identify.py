# Says what the board is, and what it offers for reaching the modem. Changes nothing.
try:
    import uos as os
except ImportError:
    import os
def say(name, value):
    print('sqns ' + name + '=' + str(value))
u = os.uname()
say('board', u.sysname)
say('firmware', u.release)
try:
    from network import LTE
    say('lte', 'yes')
    if hasattr(LTE, 'modem_upgrade_mode'):
        say('passthrough', 'yes')
except ImportError:
    say('lte', 'no')
# what stands at boot; a board that cannot tell says nothing
try:
    import pycom
    if pycom.lte_modem_en_on_boot():
        say('lte-on-boot', 'yes')
except Exception:
    pass
try:
    import pycom
    if pycom.wdt_on_boot():
        say('wdt-on-boot', 'yes')
except Exception:
    pass
# comments alone, as in the file that comes with the board, are no program
try:
    f = open('/flash/main.py', 'rb')
    size = 0
    code = 0
    for line in f:
        size += len(line)
        line = line.strip()
        if line and line[0] != 35:
            code += 1
    f.close()
    say('main-size', size)
    say('main-lines', code)
except Exception:
    pass
