"""The data base that trials are kept in: SQLite in a file of OUT, or any URL that Optuna knows."""

from __future__ import annotations

import importlib.util
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

from trainer.errors import TrainerError

if TYPE_CHECKING:
    from optuna.pruners import BasePruner
    from optuna.samplers import BaseSampler
    from optuna.storages import RDBStorage
    from optuna.study import Study
    from sqlalchemy.engine import Connection, Engine

FILE = "study.db"
HEARTBEAT, GRACE = 10, 60  # seconds between signs of life of a trial; without one so long it is lost
_PATIENCE = 60.0  # seconds to wait for a SQLite file that another process writes to
_TRIES = 20  # at making tables, which several processes may begin together


def require_optuna() -> None:
    """TrainerError where it is not installed; nothing is loaded."""
    missing = [name for name in ("optuna", "cmaes") if importlib.util.find_spec(name) is None]
    if missing:
        raise TrainerError(
            f"trainer evolve needs {' and '.join(missing)}, which {'is' if len(missing) == 1 else 'are'} not "
            "installed",
            "pip install 'curate-detect[evolve]'",
        )


def url_of(out: Path) -> str:
    """The URL of the file in that folder. Raises TrainerError where no URL can say its path."""
    path = (out / FILE).absolute()
    if set(str(path)) & set("?{}"):
        raise TrainerError(f"{path} holds one of ? {{ }}, which mean something in a URL", "choose another -o")
    return f"sqlite:///{path}"


def shown(url: str) -> str:
    """A URL without its password."""
    from sqlalchemy.engine import make_url

    return make_url(url).render_as_string(hide_password=True)


def open_storage(url: str, *, heartbeat: int = HEARTBEAT, grace: int = GRACE) -> RDBStorage:
    """The storage, its tables made where it is new. Raises TrainerError where it cannot be opened."""
    from optuna.storages import RDBStorage
    from sqlalchemy.engine import make_url
    from sqlalchemy.exc import ArgumentError, IntegrityError, SQLAlchemyError

    quiet()
    options: dict[str, Any] = {}
    try:
        if make_url(url).get_backend_name() == "sqlite":
            options = {"connect_args": {"timeout": _PATIENCE}}
    except ArgumentError as error:
        raise TrainerError(f"--storage {url} is no URL", "write such as sqlite:///study.db") from error
    attempt = 0
    while True:
        attempt += 1
        try:
            storage = RDBStorage(url, engine_kwargs=options, heartbeat_interval=heartbeat, grace_period=grace)
            break
        except (SQLAlchemyError, ImportError, ValueError) as error:
            # processes that begin together all make tables, and some find those of others
            together = isinstance(error, IntegrityError) or "exists" in str(error)
            if attempt < _TRIES and together:
                time.sleep(0.05 * attempt)
                continue
            raise TrainerError(
                f"--storage {shown(url)} cannot be opened ({' '.join(str(error).split())[:160]})",
                "check its address, and that its driver is installed, such as psycopg for postgresql+psycopg",
            ) from error

    if options:
        _one_at_a_time(storage.engine)
    return storage


def _one_at_a_time(engine: Engine) -> None:
    """Take SQLite's lock when a transaction begins, not when it first writes.

    Optuna reads that a trial waits and then writes that it runs. Other data bases lock the row in between;
    SQLite knows no rows, so two processes would take the same trial.
    """
    from sqlalchemy import event

    def begin_nothing(connection: Any, _: Any) -> None:
        connection.isolation_level = None  # the driver would begin by itself, and too late

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE")

    event.listen(engine, "connect", begin_nothing)
    event.listen(engine, "begin", begin)
    engine.dispose()  # connections made before this


def open_study(
    storage: RDBStorage,
    name: str,
    *,
    sampler: BaseSampler | None = None,
    pruner: BasePruner | None = None,
) -> Study:
    """The study of that name, made where it is new; more is better in it."""
    import optuna

    return optuna.create_study(
        storage=storage,
        study_name=name,
        sampler=sampler,
        pruner=pruner,
        direction="maximize",
        load_if_exists=True,
    )


def quiet() -> None:
    """Optuna's talk is not for our users: what they should know we say ourselves."""
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)
