from . import (
    status,
    other_dunning,
    status_letters,
    res_company,
    res_config_settings,
    cockpit,
    cards,
    work,
)
