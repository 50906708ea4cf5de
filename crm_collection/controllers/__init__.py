from . import approval_digest
from . import portal, payment, letter
