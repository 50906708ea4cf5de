"""The clock of the weeks: Python's, and PostgreSQL's as far as statements ask it by ``now()``."""

from contextlib import contextmanager

import freezegun

from odoo.addons.crm_collection.models.portfolio.clock import get_moment

from .people import ZONE

SCHEMA = "demo_clock"
# Of the first schema with a function of that name statements take it; what is made goes to public.
PATH = f"public, {SCHEMA}, pg_catalog"
BEGIN = f"""
    CREATE SCHEMA {SCHEMA};
    CREATE TABLE {SCHEMA}.moment (value timestamptz NOT NULL);
    INSERT INTO {SCHEMA}.moment VALUES (pg_catalog.now());
    CREATE FUNCTION {SCHEMA}.now() RETURNS timestamptz LANGUAGE sql STABLE
        AS 'SELECT value FROM {SCHEMA}.moment';
"""


class Clock:
    """Moved from hour to hour; whoever asks has the same time."""

    def __init__(self, cr, python):
        self.cr = cr
        self.python = python

    def move(self, day, hour):
        """To an hour of a day in Brazil."""
        moment = get_moment(ZONE, day, hour)
        self.python.move_to(moment)
        self.cr.execute(
            f"UPDATE {SCHEMA}.moment SET value = %s::timestamp AT TIME ZONE 'UTC'", [moment]
        )
        self.cr.commit()


@contextmanager
def run_clock(cr, day, hour):
    """Yield the clock of a database that nobody else works in; it is taken away at the end."""
    cr.execute(BEGIN)
    cr.execute(f'ALTER DATABASE "{cr.dbname}" SET search_path = {PATH}')  # of connections to come
    cr.execute(f"SET search_path = {PATH}")
    cr.commit()
    try:
        with freezegun.freeze_time(get_moment(ZONE, day, hour), real_asyncio=True) as python:
            clock = Clock(cr, python)
            clock.move(day, hour)
            yield clock
    finally:
        cr.rollback()
        cr.execute(f'ALTER DATABASE "{cr.dbname}" RESET search_path')
        cr.execute("SET search_path TO DEFAULT")
        cr.execute(f"DROP SCHEMA {SCHEMA} CASCADE")
        cr.commit()
