from . import (
    status,
    res_company,
    res_config_settings,
    cockpit,
    cards,
    work,
)
