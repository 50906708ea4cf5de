"""Databases that ./dev copies outlive a crash of the server, and it knows a dead server."""

import os
import subprocess
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest

from tools import databases
from tools.cluster import NoServer, run_cluster

ROOT = Path(__file__).resolve().parent.parent

FORGET = "source dev.d/postgres.sh; IS_ROOT=$1 PG_HOME=$2; pg_forget_dead"
# root in a container may not look into the processes of others
CONTAINED = ["setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-sys_ptrace"]


def forget_dead(cluster):
    """What every command of ./dev does first."""
    command = ["bash", "-euo", "pipefail", "-c", FORGET, "forget"]
    command = [*(CONTAINED if cluster.owner else ()), *command]
    command += ["yes" if cluster.owner else "", str(cluster.folder)]
    subprocess.run(command, cwd=ROOT, check=True, timeout=60)


@pytest.fixture
def cluster():
    try:
        with run_cluster() as server:
            yield server
    except NoServer as error:
        pytest.skip(f"{error}: there is no server to crash")


def execute(database, *queries):
    with closing(psycopg2.connect(dbname=database)) as connection:
        connection.autocommit = True
        with connection.cursor() as cursor:
            for query in queries:
                cursor.execute(query)
            return cursor.fetchall() if cursor.description else []


def test_sequences_of_a_copy_outlive_a_crash(cluster):
    """Seen to fail with copies by the log: the row after the crash gets a number given before."""
    databases.copy("template0", "original")
    execute("original", "CREATE TABLE item (id SERIAL PRIMARY KEY)")
    execute("original", "INSERT INTO item DEFAULT VALUES")
    databases.copy("original", "copied")
    execute("copied", "INSERT INTO item DEFAULT VALUES")
    cluster.crash()
    cluster.start()
    execute("copied", "INSERT INTO item DEFAULT VALUES")
    assert len(execute("copied", "SELECT id FROM item")) == 3


def test_a_living_server_is_not_taken_for_dead(cluster):
    """Seen to fail where root, not the server's owner, asks what the process is."""
    forget_dead(cluster)
    assert cluster.pid_file.exists()


def test_another_program_is_not_taken_for_the_server(cluster):
    cluster.stop()
    cluster.pid_file.write_text(f"{os.getpid()}\n")
    forget_dead(cluster)
    assert not cluster.pid_file.exists()
    cluster.start()
    databases.ping()


def test_marks(cluster):
    databases.copy("template0", "half_made")
    databases.copy("template0", "made")
    databases.mark("made", "what it was made from")
    assert databases.read_mark("made") == "what it was made from"
    assert databases.read_mark("half_made") == databases.UNDEFINED_MARK
    assert databases.read_mark("nowhere") is None
    databases.copy("template0", "made")
    assert databases.read_mark("made") == databases.UNDEFINED_MARK
