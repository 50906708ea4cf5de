from . import portal, payment, letter
from . import approval_digest
