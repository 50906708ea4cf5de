"""Names that the update test and what fills its database both know; nothing here needs Odoo."""

OF_GONE_MODEL = "Of a model that went"  # a filter and a list of columns
OF_GONE_PAGE = "/collections/approvals/unsubscribe/key"  # the link of the approvers' daily mail
