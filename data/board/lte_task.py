# From board firmware 1.20.2.r2 on passthrough stays silent unless the LTE task exists. An attempted LTE() creates it,
# even where it fails because the modem is not in its application.
from network import LTE
try:
    LTE()
    print('sqns lte=up')
except Exception as e:
    print('sqns lte=' + str(e))
