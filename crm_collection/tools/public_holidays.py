"""The public holidays of a country, by the Python library ``holidays`` where it is installed."""


def get_library():
    """:return: the library, ``None`` where it is not installed"""
    try:
        import holidays  # noqa: PLC0415 (optional)
    except ImportError:
        return None
    return holidays


def get_public_holidays(country, state, year, lang):
    """
    :param country: two letters
    :param state: the code of a part of the country; one that the library does not know is left out
    :param lang: such as ``pt_BR``; names are the library's own where it does not know it
    :return: ({day: name}, whether the part of the country was known); ``None`` where the library is
        not installed or does not know the country
    """
    library = get_library()
    states = library and library.list_supported_countries().get(country)
    if states is None:
        return None
    is_known = state in states
    languages = getattr(library, "list_localized_countries", dict)().get(country, ())
    short = (lang or "").split("_")[0]
    known = next((one for one in languages if one == lang or one.split("_")[0] == short), None)
    found = library.country_holidays(
        country, subdiv=state if is_known else None, years=year, language=known
    )
    return {day: name for day, name in sorted(found.items()) if day.year == year}, is_known
