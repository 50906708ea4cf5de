from . import (
    test_tour,
    test_access_rights,
    test_action_matrix,
    test_house,
    test_indexes,
    test_multi_company,
    test_outside,
    test_public_methods,
    test_roles,
    test_search,
    test_small,
    test_translations,
)
