"""MLflow through its own client: a database under RUN/mlflow, or the server that the user set up.

Show it with `mlflow ui --backend-store-uri sqlite:///RUN/mlflow/mlflow.db`. MLFLOW_TRACKING_URI sends the run
to a server instead, MLFLOW_EXPERIMENT_NAME names its experiment. MLflow's own usage statistics stay off
unless MLFLOW_DISABLE_TELEMETRY says otherwise.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from trainer.errors import TrainerError
from trainer.files import write_atomically

os.environ.setdefault("MLFLOW_DISABLE_TELEMETRY", "true")  # read when mlflow is loaded

import requests
from mlflow import MlflowClient
from mlflow.entities import Metric, Param
from mlflow.exceptions import MlflowException

_EXPERIMENT = "curate-detect"
_FORBIDDEN = re.compile(r"[^/\w.\- :]")  # in names of metrics and settings
_LONGEST = 500  # characters of a setting
_AT_ONCE = 500  # metrics a message, half of what a server takes


def open_log(run: Path, settings: Mapping[str, Any]) -> MLflow:
    """Continue the run's record, or begin one. Raises TrainerError where the store cannot be reached."""
    logging.getLogger("mlflow").setLevel(logging.WARNING)
    logging.getLogger("alembic").setLevel(logging.WARNING)
    folder = run.resolve() / "mlflow"
    folder.mkdir(parents=True, exist_ok=True)
    server = os.environ.get("MLFLOW_TRACKING_URI")
    try:
        client = MlflowClient(tracking_uri=server or f"sqlite:///{folder / 'mlflow.db'}")
        known = folder / "run_id"
        if known.is_file():
            identity = known.read_text(encoding="ascii").strip()
            client.update_run(identity, status="RUNNING")
            return MLflow(client, identity)
        place = None if server else (folder / "artifacts").as_uri()
        name = os.environ.get("MLFLOW_EXPERIMENT_NAME", _EXPERIMENT)
        experiment = client.get_experiment_by_name(name)
        number = experiment.experiment_id if experiment else client.create_experiment(name, place)
        identity = client.create_run(number, run_name=run.resolve().name).info.run_id
        write_atomically(known, identity.encode("ascii"))
        told = [Param(_allowed(key), str(value)[:_LONGEST]) for key, value in settings.items()]
        for start in range(0, len(told), 100):  # as many as a server takes at once
            client.log_batch(identity, params=told[start : start + 100])
    except MLflow.failures as error:
        what = " ".join(str(error).split())[:200]
        cure = (
            "unset MLFLOW_TRACKING_URI to log under the run's folder"
            if server
            else "leave mlflow out of --log"
        )
        raise TrainerError(f"mlflow cannot log to {server or folder}: {what}", cure) from error
    return MLflow(client, identity)


class MLflow:
    """One run's record."""

    failures = (MlflowException, OSError, requests.RequestException)

    def __init__(self, client: MlflowClient, identity: str) -> None:
        self.client, self.identity = client, identity

    def scalars(self, step: int, values: Mapping[str, float]) -> None:
        """One point on the curve of each name; bytes that MLflow forbids in names become _xHH."""
        now = int(time.time() * 1000)
        metrics = [Metric(_allowed(name), value, now, step) for name, value in values.items()]
        for start in range(0, len(metrics), _AT_ONCE):
            self.client.log_batch(self.identity, metrics=metrics[start : start + _AT_ONCE])

    def image(self, tag: str, picture: Path, step: int) -> None:
        """A file among the artifacts, images/TAG-STEP.jpg."""
        with tempfile.TemporaryDirectory() as folder:
            named = Path(folder) / f"{_allowed(tag).replace('/', '-')}-{step}{picture.suffix}"
            shutil.copyfile(picture, named)
            self.client.log_artifact(self.identity, str(named), "images")

    def close(self, finished: bool) -> None:
        """Say how it ended; a run that was stopped can go on."""
        self.client.set_terminated(self.identity, status="FINISHED" if finished else "KILLED")


def _allowed(name: str) -> str:
    return _FORBIDDEN.sub(lambda found: "".join(f"_x{byte:02X}" for byte in found[0].encode()), name)
