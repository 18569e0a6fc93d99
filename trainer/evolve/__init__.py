"""The search for better settings: which there are, who proposes them, what a trial tells, what is believed.

plan        what a search is asked to do
space       the settings that a search may turn, from the knobs of FitConfig
genetic     YOLOv5's scheme, as a sampler of Optuna
samplers    who proposes the next settings: CMA-ES, TPE or genetic, each trial with a seed of its own
pruning     after which steps a trial is judged, and when it is given up
storage     the data base that trials are kept in
pool        trials shared by processes, some of which die
train       one trial: settings in, a figure out
confirm     the best few and the defaults with fresh seeds, and whether the difference is more than chance
importance  how much each setting decides
board       what is said on the way
outcome     what a search came to: hyp.toml, evolve.json
search      all of it together

Modules that use Optuna are imported when a search begins, so that `trainer --help` stays quick.
"""
