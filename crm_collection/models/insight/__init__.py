from . import (
    status,
    other_dunning,
    status_letters,
    status_clock,
    status_live,
    start,
    res_company,
    company_settings,
    res_config_settings,
    cockpit,
    cards,
    work,
)
