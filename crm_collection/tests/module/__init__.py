from . import (
    test_tour,
    test_access_rights,
    test_multi_company,
    test_translations,
)
