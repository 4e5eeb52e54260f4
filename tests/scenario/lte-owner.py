# main.py of a board that leaves an LTE object in use at the prompt: the board's LTE task reads what the modem says.
from network import LTE
lte = LTE()
