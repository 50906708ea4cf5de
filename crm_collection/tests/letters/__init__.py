from . import (
    test_letter_asked,
    test_letter_content,
    test_letter_evidence,
    test_letter_expected,
    test_letter_pdf,
    test_letter_pdf_network,
    test_letter_sending,
    test_manual_letters,
    test_letter_money,
    test_letter_once,
    test_letter_state,
    test_letter_plan,
)
