"""What is read of evidence by SQL."""

from odoo.tools import SQL


def template_texts(model_name):
    """The texts of the mail templates of a model, in all languages at once.

    :return: SQL of (id, text)
    """
    return SQL("SELECT id, body_html::text FROM mail_template WHERE model = %s", model_name)
