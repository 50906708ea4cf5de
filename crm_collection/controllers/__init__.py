from . import portal, payment, letter
