from . import approval_digest
