from . import (
    test_tour,
    test_access_rights,
    test_house,
    test_multi_company,
    test_translations,
)
