# Says what the board is, and what it offers for reaching the modem. Changes nothing.
try:
    import uos as os
except ImportError:
    import os
u = os.uname()
print('sqns board=' + u.sysname)
print('sqns firmware=' + u.release)
try:
    from network import LTE
    print('sqns lte=yes')
    if hasattr(LTE, 'modem_upgrade_mode'):
        print('sqns passthrough=yes')
except ImportError:
    print('sqns lte=no')
