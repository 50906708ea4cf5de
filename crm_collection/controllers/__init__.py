from . import portal, payment, letter, export
