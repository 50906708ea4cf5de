from . import test_allocation
from . import test_escalation
from . import test_rule_matching
from . import test_golive
from . import test_invoice_fields
from . import test_letter_content
from . import test_letter_pdf
from . import test_letter_sending
from . import test_maintenance, test_maintenance_refusals
from . import test_manual_letters
from . import test_partner
from . import test_simulation
from . import test_status
from . import test_letter_money
from . import test_letter_once
from . import test_tour
