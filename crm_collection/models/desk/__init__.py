from . import (
    outcome,
    contact,
    team,
    res_users,
    res_company_rank,
    mark,
    visit,
    desk,
    work_line,
    customer,
    timeline,
)
