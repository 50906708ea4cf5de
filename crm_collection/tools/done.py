"""What a dialog answers with: what was done, and a button that takes it back."""


def get_done(message, undo=None, undo_method="action_undo", **params):
    """:param str message: what was done, to whom
    :param undo: the records whose ``undo_method`` takes it back; none: there is no button
    :param params: of the notification: ``title``, ``type``, ``sticky``
    :return: the action that closes the dialog and says so
    """
    back = {"model": undo._name, "method": undo_method, "ids": undo.ids} if undo else False
    return {
        "type": "ir.actions.client",
        "tag": "crm_collection_done",
        "params": {
            "type": "success",
            **params,
            "message": message,
            "undo": back,
            "next": {"type": "ir.actions.act_window_close"},
        },
    }


def get_undone(message, **params):
    """:return: the action that says what was taken back, and shows the screen as it is now"""
    return {
        "type": "ir.actions.client",
        "tag": "display_notification",
        "params": {
            "type": "success",
            **params,
            "message": message,
            "next": {"type": "ir.actions.client", "tag": "soft_reload"},
        },
    }
