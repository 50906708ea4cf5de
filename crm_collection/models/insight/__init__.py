from . import (
    status,
    other_dunning,
    res_company,
    res_config_settings,
    cockpit,
    cards,
    work,
)
