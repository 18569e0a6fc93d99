"""Who proposes the next settings: YOLOv5's scheme by its rules, CMA-ES, TPE; same seed, same settings."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import optuna
import pytest

from trainer.evolve.genetic import child, gain
from trainer.evolve.samplers import Seeded, mean_of_best
from trainer.evolve.space import Dimension, Space

LR = Dimension("lr", 1e-4, 1e-1, True, 1e-2, "")
MOMENTUM = Dimension("beta1", 0.6, 0.98, False, 0.937, "share")
MIXUP = Dimension("mixup", 0.0, 0.5, False, 0.0, "share")
SCALE = Dimension("scale", 0.0, 0.9, False, 0.5, "share")
SPACE = Space((LR, MOMENTUM, MIXUP, SCALE), {})


def test_the_first_child_is_the_start() -> None:
    assert child(SPACE.dimensions, [], np.random.default_rng(0)) == SPACE.start


def test_momentum_mutates_less_as_in_yolov5() -> None:
    assert gain(LR) == 1 and gain(MIXUP) == 1
    assert gain(MOMENTUM) == pytest.approx(0.38 / 0.937)  # YOLOv5's own table says 0.3


def test_children_keep_the_rules_of_yolov5() -> None:
    parent = {"lr": 0.02, "beta1": 0.9, "mixup": 0.0, "scale": 0.5}
    rng = np.random.default_rng(1)
    children = [child(SPACE.dimensions, [(parent, 0.5)], rng) for _ in range(2000)]
    scale = np.array([one["scale"] for one in children])
    assert all(one["mixup"] == 0 for one in children), "what is 0 stays 0"
    assert all(one == {d.name: d.within(one[d.name]) for d in SPACE.dimensions} for one in children)
    assert all(round(value, 5) == value for one in children for value in one.values())
    # mutates with probability 0.8; where none of the four would, all are drawn again
    assert np.mean(scale != 0.5) == pytest.approx(0.8, abs=0.05)
    # 1 + N * U * 0.2 has the standard deviation 0.2 / sqrt(3), less a fifth of the variance that does not
    # mutate: sqrt(0.8 / 3) * 0.2 = 0.103; clipping at the end of the range takes next to nothing
    assert np.std(scale / 0.5 - 1) == pytest.approx(0.103, abs=0.012)


def test_parents_are_the_five_best_the_better_the_likelier() -> None:
    known = [
        ({"lr": 1e-2, "beta1": 0.7 + i / 100, "mixup": 0.0, "scale": 0.1 * (i + 1)}, i) for i in range(8)
    ]
    rng = np.random.default_rng(2)
    picked = []
    for _ in range(1500):
        scale = child((SCALE,), known, rng)["scale"]
        picked.append(int(np.argmin([abs(scale / settings["scale"] - 1) for settings, _ in known])))
    counts = np.bincount(picked, minlength=8)
    # weights of the last five: 0, 1, 2, 3, 4 tenths; mutation blurs which one it was
    assert counts[7] > counts[5] and counts[6] > counts[4] and counts[:2].sum() == 0


def test_the_mean_of_the_best_weighs_the_better_heavier() -> None:
    space = Space((LR, SCALE), {})
    done = [
        ({"lr": 1e-3, "scale": 0.2}, 0.5),
        ({"lr": 1e-2, "scale": 0.4}, 0.4),
        ({"lr": 0.1, "scale": 0.9}, 0.1),
    ]
    found = mean_of_best(space, done, most=2)
    # weights ln 2.5 and ln 1.25 of their sum: 0.804, 0.196; rates are averaged by factors
    first = np.log(2.5) / (np.log(2.5) + np.log(1.25))
    assert found["scale"] == pytest.approx(0.2 * first + 0.4 * (1 - first))
    assert np.log10(found["lr"]) == pytest.approx(-3 * first - 2 * (1 - first))
    assert mean_of_best(space, []) == space.start


def hill(settings: dict[str, float]) -> float:
    """Best at lr 0.03, scale 0.3 and no mixup."""
    far = (LR.share(settings["lr"]) - LR.share(0.03)) ** 2 + (settings["scale"] - 0.3) ** 2
    return float(np.exp(-4 * far - settings["mixup"]))


def climb(kind: str, seed: int, trials: int, of: Callable[[dict[str, float]], float] = hill) -> optuna.Study:
    study = optuna.create_study(direction="maximize", sampler=Seeded(kind, SPACE, seed))
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study.enqueue_trial(SPACE.start, user_attrs={"job": "start"})

    def objective(trial: optuna.Trial) -> float:
        return of({d.name: trial.suggest_float(d.name, d.low, d.high, log=d.log) for d in SPACE.dimensions})

    study.optimize(objective, n_trials=trials)
    return study


@pytest.mark.parametrize("kind", ["cmaes", "tpe", "genetic"])
def test_the_same_seed_proposes_the_same_and_finds_something_better(kind: str) -> None:
    first, again, other = (climb(kind, seed, 30) for seed in (1, 1, 2))
    assert [t.params for t in first.trials] == [t.params for t in again.trials]
    assert first.trials[5].params != other.trials[5].params
    assert first.trials[0].params == SPACE.start
    assert first.best_value > 1.02 * hill(SPACE.start)


@pytest.mark.parametrize("kind", ["cmaes", "tpe", "genetic"])
def test_what_is_proposed_follows_from_the_trials_alone(kind: str) -> None:
    """A process that takes a study over proposes what the first one would have proposed."""
    whole = climb(kind, 3, 22)
    part = climb(kind, 3, 20)
    copy = optuna.create_study(direction="maximize", sampler=Seeded(kind, SPACE, 3))
    for trial in part.trials:
        copy.add_trial(trial)
    asked = copy.ask(
        {d.name: optuna.distributions.FloatDistribution(d.low, d.high, log=d.log) for d in SPACE.dimensions}
    )
    assert asked.params == whole.trials[20].params


def test_one_setting_alone_can_be_searched_by_every_sampler() -> None:
    for kind in ("cmaes", "tpe", "genetic"):
        space = Space((LR,), {})
        study = optuna.create_study(direction="maximize", sampler=Seeded(kind, space, 0))
        study.optimize(lambda trial: -trial.suggest_float("lr", LR.low, LR.high, log=True), n_trials=4)
        assert len(study.trials) == 4


def test_cmaes_takes_a_trial_that_was_given_up_by_its_last_figure() -> None:
    whole = climb("cmaes", 5, 20)
    given_up = optuna.create_study(direction="maximize", sampler=Seeded("cmaes", SPACE, 5))
    for trial in whole.trials:
        given_up.add_trial(
            optuna.trial.create_trial(
                state=optuna.trial.TrialState.PRUNED,
                params=trial.params,
                distributions=trial.distributions,
                intermediate_values={10: 0.0, 20: trial.value},
            )
        )
    distributions = {
        d.name: optuna.distributions.FloatDistribution(d.low, d.high, log=d.log) for d in SPACE.dimensions
    }
    assert given_up.ask(distributions).params == whole.ask(distributions).params
