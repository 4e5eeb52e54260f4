# Native passthrough: 921600 baud on both sides until the board is reset. Does not come back.
from network import LTE
LTE.modem_upgrade_mode()
