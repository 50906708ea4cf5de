from . import (
    status,
    other_dunning,
    status_letters,
    status_clock,
    status_live,
    start,
    res_company,
    res_config_settings,
    cockpit,
    cards,
    work,
)
